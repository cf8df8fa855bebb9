// The training loop: `catena train`.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "model/train/evaluation.h"
#include "model/train/train_config.h"

namespace catena::model {

struct TrainProgress {
  std::int64_t step = 0, steps = 0;
  std::int64_t tokens = 0;  ///< read since the very first step, resumed runs included
  double loss = 0;          ///< nats a token, mean since the last report
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_s = 0;
  double remaining_s = 0;
};

struct TrainObserver {
  std::function<void(const TrainProgress&)> progress;  ///< about once a second
  std::function<void(std::int64_t step, const std::vector<Evaluation>&)> evaluated;
  std::function<void(const std::string&)> note;  ///< one line: resumed, skipped a step, saved
  const std::atomic<bool>* stop = nullptr;       ///< set: save a checkpoint and return
};

/// Learning rate of a step: linear warm-up, then cosine down to final_learning_rate; all of it times
/// learning_rate_scale.
double learning_rate_at(const TrainConfig& config, std::int64_t step);

/// Trains until config.steps, resuming from config.output/checkpoint when there is one, and writes the model folder
/// (config.json, model.safetensors, log.csv, heldout.csv). Returns false when stopped early; the checkpoint then holds
/// everything. Token files must exist. A step whose gradient is not finite is skipped with a note, and streams whose
/// state it has spoilt are cleared; too many in a row (model/train/weight_update.h) are a Failure. Throws
/// std::runtime_error with one line; the checkpoint on disk stays one to go on from.
bool train(const TrainConfig& config, const TrainObserver& observer);

}  // namespace catena::model
