// Matrix products in the compute type with 32-bit master weights, and the output head with its loss.
#pragma once

#include <torch/types.h>

namespace catena::model {

/// A weight matrix as the trainer sees it: the float32 leaf that collects gradients and its copy in the compute type.
struct MasterWeight {
  torch::Tensor master;   ///< [out, in] float32, leaf
  torch::Tensor compute;  ///< [out, in], the master itself when computing in float32
};

/// x W^T for x [N, in] in the compute type. Gradients of the weight are summed into the master in float32.
torch::Tensor linear(const torch::Tensor& x, const MasterWeight& weight);

/// Mean cross entropy (nats) of softmax(x W^T) against targets [N] int64, W [V, in]. The logits are made and
/// differentiated a block of rows at a time and never stored, so the head costs three products and little memory. They
/// are differentiated on the way forward, as of a loss of 1 a row, which half precision can hold; the gradient of the
/// result (a loss scale) multiplies them on the way back.
torch::Tensor head_loss(const torch::Tensor& x, const MasterWeight& weight, const torch::Tensor& targets);

/// -ln p(target) for each row, float32 [N]; no gradient.
torch::Tensor head_nll(const torch::Tensor& x, const MasterWeight& weight, const torch::Tensor& targets);

}  // namespace catena::model
