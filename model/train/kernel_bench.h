// The training kernels against LibTorch's operators, forward and back. No LibTorch in here: the command line reads it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "model/train/training_bench.h"

namespace catena::model {

struct KernelTime {
  std::string kernel;   ///< "chunk attention", "whole attention", "delta rule"
  std::string against;  ///< what LibTorch does instead
  std::int64_t batch = 0, length = 0;
  double kernel_ms = 0, library_ms = 0;  ///< medians of forward and back
};

/// The heads of `config`, chunks of shape.chunk, the same number of tokens at every length from 1024 to `longest`
/// (times four each). Whole attention is causal over all of a stream. Nothing on the CPU, or in a build without the
/// kernels.
void time_kernels(const ModelConfig& config, const StepShape& shape, std::int64_t longest,
                  const std::function<void(const KernelTime&)>& show);

}  // namespace catena::model
