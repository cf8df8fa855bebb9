// Activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

namespace catena::model {

using Recomputed = std::function<std::vector<torch::Tensor>(const std::vector<torch::Tensor>&)>;

/// f(inputs), of which only the inputs are kept: when gradients are asked for, f runs again. f must give the same
/// result each time. Gradients reach the inputs and every other leaf that f uses, as without.
/// `rows` > 0: f treats the rows of its inputs (first dimension, the same of all) each by itself, and runs on so many
/// of them at a time, there and back, so that what it makes on the way stays small and in the caches.
std::vector<torch::Tensor> recompute(const Recomputed& f, const std::vector<torch::Tensor>& inputs,
                                     std::int64_t rows = 0);

}  // namespace catena::model
