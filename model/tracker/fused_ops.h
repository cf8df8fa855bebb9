// Elementwise steps of the tracker fused into single passes over memory, with their gradients. On the CPU each is one
// loop; on other devices the same formula is composed of library operations, which is also what the tests compare with.
#pragma once

#include <torch/types.h>

#include "model/tracker/linear.h"

namespace catena::model {

/// y = x / sqrt(mean(x^2) + eps) * weight over the last dimension. x [N, d] float32, weight [d] float32; y in
/// `out_type`.
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double eps, torch::ScalarType out_type);

/// silu(g) * u for x = [g | u] along the last dimension. x [N, 2F] -> [N, F], same type.
torch::Tensor swiglu(const torch::Tensor& x);

/// rms_norm(x) W^T in the compute type. x [N, d] float32, norm [d] float32, W [C, d]. On the CPU a block of rows at a
/// time, and only x is kept for the way back.
torch::Tensor normed_linear(const torch::Tensor& x, const torch::Tensor& norm, const MasterWeight& weight, double eps);

/// The second half of a layer: y + keep * swiglu(rms_norm(y) in^T) out^T for y = x + mixed, float32. x [N, d] float32,
/// mixed [N, d] in the compute type (what the mixer adds), norm [d] float32, in [2F, d], out [d, F]; keep [N, d] in the
/// compute type, undefined: ones. On the CPU a block of rows at a time, and only x, mixed and the hidden [N, 2F] are
/// kept for the way back.
torch::Tensor feed_forward(const torch::Tensor& x, const torch::Tensor& mixed, const torch::Tensor& norm,
                           const MasterWeight& in, const MasterWeight& out, double eps, const torch::Tensor& keep = {});

/// silu of a causal depthwise convolution. x [B, T, C] (any float type), weight [C, taps] float32, tail [B, taps-1, C]
/// float32: the inputs before x. Result [B, T, C] float32.
torch::Tensor short_convolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& tail);

/// x plus a causal depthwise convolution, of the same shapes.
torch::Tensor added_convolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& tail);

/// x plus a depthwise convolution that looks to both sides: y[t] = x[t] + sum_j weight[:, j] x[t + j - taps / 2], with
/// nothing outside the row. x [N, T, C] float32, weight [C, taps] float32, taps odd.
torch::Tensor around_convolution(const torch::Tensor& x, const torch::Tensor& weight);

/// x / sqrt(sum x^2 + 1e-6) over the last dimension, float32.
torch::Tensor unit_length(const torch::Tensor& x);

/// rms_norm(o) * weight * silu(gate): o [N, H, D] float32, weight [D] float32, gate [N, H*D] -> [N, H*D] in gate's
/// type.
torch::Tensor gated_norm(const torch::Tensor& o, const torch::Tensor& weight, const torch::Tensor& gate, double eps);

/// Inverse of I + L for strictly lower triangular L [..., n, n] float32, by block doubling of the inverse of the
/// diagonal (never by powers of L, which overflow when neighbouring keys are alike).
torch::Tensor unit_lower_inverse(const torch::Tensor& strictly_lower);

}  // namespace catena::model
