#include "model/attention/lab_config.h"

#include "model/runtime/atomic_file.h"
#include "model/train/plan_reader.h"

namespace catena::model::lab {
namespace {

/// The one list of the file's keys. visit(key, value, required).
template <typename Config, typename Visit>
void each_field(Config& config, Visit&& visit) {
  visit("name", config.name, true);
  visit("system", config.mixer.system, true);
  visit("vocab", config.vocab, true);
  visit("width", config.mixer.width, true);
  visit("layers", config.layers, true);
  visit("heads", config.mixer.heads, true);
  visit("ffn", config.ffn, true);
  visit("chunk_length", config.mixer.chunk, false);
  visit("causal", config.mixer.causal, false);
  visit("max_length", config.mixer.max_length, false);
  visit("rank", config.mixer.rank, false);
  visit("window", config.mixer.window, false);
  visit("random_blocks", config.mixer.random_blocks, false);
  visit("levels", config.mixer.levels, false);
  visit("gate_temperature", config.mixer.gate_temperature, false);
  visit("seed", config.mixer.seed, false);
}

}  // namespace

bool LabConfig::is_in(const std::filesystem::path& json_file) {
  return std::filesystem::exists(json_file) && read_plan(json_file).contains("system");
}

LabConfig LabConfig::load(const std::filesystem::path& json_file) {
  const nlohmann::json object = read_plan(json_file);
  const PlanReader reader(object, json_file);
  LabConfig config;
  each_field(config, [&](const char* key, auto& value, bool required) { reader.get(key, value, required); });
  reader.check("vocab", config.vocab >= 2 && config.vocab <= (1 << 20), "from 2 to 1048576");
  reader.check("layers", config.layers >= 1 && config.layers <= 256, "from 1 to 256");
  reader.check("ffn", config.ffn >= 1 && config.ffn <= 65536, "from 1 to 65536");
  return config;
}

void LabConfig::save(const std::filesystem::path& json_file) const {
  nlohmann::ordered_json object;
  each_field(*this, [&](const char* key, const auto& value, bool) { object[key] = value; });
  write_file(json_file, object.dump(2) + "\n");
}

}  // namespace catena::model::lab
