// What a system costs at a length, by formula and measured. No LibTorch in here: the command line reads it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/attention/system_config.h"
#include "model/train/training_bench.h"

namespace catena::model::lab {

/// Of one forward pass of a mixer over one sequence, without gradients.
struct Bill {
  std::int64_t length = 0;
  double formula = 0, formula_mixing = 0;  ///< multiply-adds, and of them those between tokens (without projections)
  double counted = 0;                      ///< multiply-adds that LibTorch ran
  double time_ms = 0;                      ///< on the threads that LibTorch has
  std::int64_t peak_bytes = 0;             ///< of tensors beyond weights and input
  bool streams = false;
  std::int64_t state_formula =
      0;  ///< bytes of one stream's state after `length` tokens; not streaming: of keys and values
  std::int64_t state_bytes = 0;  ///< the same measured, where it streams
};

/// Time is the median of `runs` passes, or of the only one where it takes seconds. The state is read token by token,
/// `state_tokens` of them at most: systems that would still change after that are taken at their formula (the
/// Transformer's cache). Needs count_torch_memory() for peak_bytes. Throws std::runtime_error as make_system() does.
inline constexpr std::int64_t state_tokens = 512;
Bill measure(const SystemConfig& config, std::int64_t length, int runs);

/// training_cost() on the CPU of a Transformer (carry = attention) that makes the scores of the whole batch at once
/// (full_scores.h) and keeps what it needs for the way back.
TrainingCost full_scores_training_cost(const ModelConfig& config, const StepShape& shape);

}  // namespace catena::model::lab
