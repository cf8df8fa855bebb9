// Products of matrices whose sums are float32, whatever the numbers are.
#pragma once

#include <torch/types.h>

namespace catena::model {

/// a b for [n, k] and [k, m], or for as many of both as a batch has, in their type. On a processor for which oneDNN has
/// no bfloat16 (before AVX-512), LibTorch 1.13 rounds its sum to bfloat16 after every term, so that its error grows
/// with k; there such a product is one of float32 numbers, rounded once, which is also many times faster.
torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b);

/// The same into `result`, which has the product's shape and type; takes no gradients.
void product_into(torch::Tensor& result, const torch::Tensor& a, const torch::Tensor& b);

}  // namespace catena::model
