// The parts of a plan that every training of text shares: what it reads, and the tokenizer.
#pragma once

#include <vector>

#include "model/train/plan_reader.h"
#include "model/train/train_config.h"

namespace catena::model {

/// The list of corpora at `key`. Throws std::runtime_error with one line naming the key.
std::vector<TrainSource> read_sources(const PlanReader& plan, const char* key);

/// The object at "tokenizer"; empty where there is none.
TokenizerPlan read_tokenizer(const nlohmann::json& plan, const std::filesystem::path& file);

/// What is read, for how long and how fast is learnt, into `config`. Throws std::runtime_error with one line naming the
/// key.
void read_schedule(const PlanReader& plan, TrainConfig& config);

}  // namespace catena::model
