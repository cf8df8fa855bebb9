// Time and memory of a training step, measured.
#pragma once

#include <torch/types.h>

#include <functional>

#include "model/tracker/parameters.h"
#include "model/train/comparison.h"

namespace catena::model {

/// tokens [B, T] int64 -> last outputs y [B * T, d], the input of head_loss().
using ForwardPass = std::function<torch::Tensor(const torch::Tensor& tokens)>;

/// Of `steps` steps (at least 1, after one that warms up) forward and back, loss included, on random tokens of `batch`
/// streams of `length`. Gradients go to `parameters`; nothing is updated. Needs count_torch_memory() for the peak.
TrainingCost step_cost(Parameters& parameters, std::int64_t batch, std::int64_t length, int steps,
                       const ForwardPass& forward);

}  // namespace catena::model
