#include "model/train/plan_reader.h"

#include <fstream>

namespace catena::model {

nlohmann::json read_plan(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error(file.string() + ": cannot be opened");
  try {
    return nlohmann::json::parse(stream, nullptr, true, true);
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(file.string() + ": is not JSON (" + error.what() + ")");
  }
}

std::vector<PlanReader> PlanReader::list(const char* key) const {
  known_.insert(key);
  const auto it = object_.find(key);
  if (it == object_.end() || !it->is_array()) fail(key, "must be a list of sources");
  std::vector<PlanReader> readers;
  for (const nlohmann::json& entry : *it) readers.emplace_back(entry, file_);
  return readers;
}

void PlanReader::refuse_others(std::initializer_list<const char*> more) const {
  known_.insert(more.begin(), more.end());
  for (const auto& [key, value] : object_.items()) {
    if (!known_.contains(key)) fail(key, "is no key of a plan; docs/training.md lists them");
  }
}

}  // namespace catena::model
