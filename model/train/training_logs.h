// What a training leaves beside the model for those who want to see how it went.
#pragma once

#include <filesystem>
#include <fstream>

#include "model/train/trainer.h"

namespace catena::model {

/// log.csv (step,tokens,loss,learning_rate,gradient_norm,tokens_per_s: a line a report) and heldout.csv
/// (step,tokens,name,first,last,bits_per_byte,nats_per_token: a line for each range of positions [first, last) that was
/// read, and one for all of them, from 0 on). Lines are added to what is there; a resumed run repeats those since its
/// checkpoint.
class TrainingLogs {
 public:
  /// Throws std::runtime_error when the folder cannot be written to.
  explicit TrainingLogs(const std::filesystem::path& folder);

  void add(const TrainProgress& progress);
  void add(std::int64_t step, std::int64_t tokens, const std::vector<Evaluation>& evaluations);

 private:
  std::ofstream log_, heldout_;
};

}  // namespace catena::model
