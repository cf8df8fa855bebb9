// Everything a training run needs to go on as if it had never stopped.
#pragma once

#include <filesystem>

#include "model/tracker/optimiser.h"
#include "model/tracker/parameters.h"
#include "model/tracker/tracker.h"
#include "model/train/batches.h"
#include "model/train/loss_scale.h"
#include "model/train/optimiser_shards.h"
#include "model/train/process_group.h"
#include "model/train/train_config.h"

namespace catena::model {

struct TrainingState {
  const TrainConfig& config;
  const ProcessGroup& group;
  Parameters& parameters;
  Optimiser& optimiser;
  const OptimiserShards& shards;
  Batches& batches;
  SegmentState& segment;
  LossScale& loss_scale;
  std::int64_t step = 0;
  std::int64_t tokens = 0;
};

/// Writes tensors and position to a folder; a crash leaves the previous checkpoint whole. Every process calls it; the
/// first one writes, for all of them.
void save_checkpoint(const std::filesystem::path& folder, const TrainingState& state);

/// False when there is none. Any number of processes can go on from it, with the optimiser's state sharded or not, as
/// long as they read as many streams together. Throws std::runtime_error with one line when it belongs to another model
/// or plan, or is damaged. Of the plan, steps, learning rates, threads, device, precision, what is differentiated and
/// how often to evaluate or save may have changed.
bool load_checkpoint(const std::filesystem::path& folder, TrainingState& state);

}  // namespace catena::model
