#include "app/demo/demo_script.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace catena::app {
namespace {

using nlohmann::json;

template <class Value>
Value choice(const json& name, const std::map<std::string, Value>& choices) {
  const auto found = choices.find(name.get<std::string>());
  if (found == choices.end()) throw std::runtime_error("'" + name.get<std::string>() + "' is not known");
  return found->second;
}

QString text(const json& value) { return QString::fromStdString(value.get<std::string>()); }

DemoStep read_step(const json& from, const std::filesystem::path& folder) {
  using Kind = DemoStep::Kind;
  DemoStep step;
  step.kind = choice<Kind>(from.at("do"), {{"open", Kind::open},
                                           {"sound", Kind::sound},
                                           {"type", Kind::type},
                                           {"accept", Kind::accept},
                                           {"settings", Kind::settings},
                                           {"picture", Kind::picture}});
  if (step.kind == Kind::open || step.kind == Kind::sound)
    step.file = QString::fromStdString((folder / from.at("file").get<std::string>()).lexically_normal().string());
  if (step.kind == Kind::type) step.text = text(from.at("text"));
  if (step.kind == Kind::accept || step.kind == Kind::picture) step.within_ms = from.at("within_ms").get<int>();
  if (from.contains("chunk_length")) step.chunk_length = from["chunk_length"].get<int>();
  if (from.contains("policy"))
    step.policy = choice<ui::ChunkPolicy>(
        from["policy"],
        {{"fixed", ui::ChunkPolicy::fixed}, {"line", ui::ChunkPolicy::line}, {"pause", ui::ChunkPolicy::pause}});
  if (from.contains("precision"))
    step.precision = choice<ui::Precision>(
        from["precision"],
        {{"float32", ui::Precision::float32}, {"bfloat16", ui::Precision::bfloat16}, {"int8", ui::Precision::int8}});
  return step;
}

}  // namespace

void DemoStep::apply_to(ui::ChunkSettings& settings) const {
  if (chunk_length) settings.chunk_length = *chunk_length;
  if (policy) settings.policy = *policy;
  if (precision) settings.precision = *precision;
}

DemoScript DemoScript::load(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in)
    throw std::runtime_error("the demo's script cannot be read: " + file.string() + "; is the checkout complete?");
  DemoScript script;
  try {
    const json whole = json::parse(in);
    script.key_ms = whole.at("key_ms").get<int>();
    for (const json& step : whole.at("steps"))
      script.steps.push_back(read_step(step, std::filesystem::absolute(file).parent_path()));
  } catch (const std::exception& error) {
    throw std::runtime_error(file.string() + ": " + error.what());
  }
  return script;
}

}  // namespace catena::app
