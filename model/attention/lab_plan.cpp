#include "model/attention/lab_plan.h"

#include <algorithm>

#include "model/attention/registry.h"
#include "model/train/plan_sources.h"

namespace catena::model::lab {

namespace fs = std::filesystem;

bool LabPlan::is_in(const fs::path& plan) {
  const nlohmann::json object = read_plan(plan);
  fs::path model;
  PlanReader(object, plan).get_path("model", model, true);
  return LabConfig::is_in(model);
}

LabPlan LabPlan::load(const fs::path& file) {
  const nlohmann::json object = read_plan(file);
  const PlanReader reader(object, file);
  LabPlan plan;
  TrainConfig& training = plan.training;
  fs::path model;
  reader.get_path("model", model, true);
  plan.model = LabConfig::load(model);
  training.model.name = plan.model.name;
  training.model.vocab = static_cast<int>(plan.model.vocab);
  reader.get_path("output", training.output, true);
  training.tokenizer = read_tokenizer(object, file);
  read_schedule(reader, training);
  for (const char* key : {"optimiser", "shard_optimiser", "device", "precision", "backpropagate_segments", "truncate",
                          "auxiliary_loss", "initial_weights"}) {
    if (object.contains(key))
      reader.fail(key,
                  "is not offered for a model with a \"system\": it is trained with AdamW in float32 on the CPU, "
                  "segment by segment");
  }
  reader.check("segment", training.segment >= 1 && training.segment <= plan.model.mixer.max_length,
               "from 1 to the model's max_length " + std::to_string(plan.model.mixer.max_length));
  // Asked for here, before tokens are packed for hours.
  const auto& names = system_names();
  if (std::find(names.begin(), names.end(), plan.model.mixer.system) != names.end()) {
    reader.check("model", plan.model.mixer.causal,
                 "one with \"causal\": true: who sees the next token does not learn to say it");
  }
  try {
    ParameterSet unused(1);
    make_system(plan.model.mixer, unused, "");
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(model.string() + ": " + error.what());
  }
  return plan;
}

}  // namespace catena::model::lab
