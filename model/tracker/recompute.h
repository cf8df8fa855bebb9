// Activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
#pragma once

#include <torch/types.h>

#include <functional>

namespace catena::model {

/// f(x), of which only x is kept: when gradients are asked for, f runs again. f must give the same result each time. Gradients
/// reach x and every other leaf that f uses, as without.
torch::Tensor recompute(const std::function<torch::Tensor(const torch::Tensor&)>& f, const torch::Tensor& x);

}  // namespace catena::model
