// Everything a training run needs to go on as if it had never stopped.
#pragma once

#include <filesystem>

#include "model/tracker/optimiser.h"
#include "model/tracker/parameters.h"
#include "model/tracker/tracker.h"
#include "model/train/batches.h"

namespace catena::model {

struct TrainingState {
  Parameters& parameters;
  Optimiser& optimiser;
  Batches& batches;
  SegmentState& segment;
  std::int64_t step = 0;
  std::int64_t tokens = 0;
};

/// Writes tensors and position to a folder; a crash leaves the previous checkpoint whole.
void save_checkpoint(const std::filesystem::path& folder, const TrainingState& state);

/// False when there is none. Throws std::runtime_error with one line when it belongs to another model or is damaged.
bool load_checkpoint(const std::filesystem::path& folder, TrainingState& state);

}  // namespace catena::model
