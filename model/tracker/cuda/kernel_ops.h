// The kernels of this folder as differentiable functions of LibTorch tensors, and when they are taken. attention.h,
// delta_rule.h and pyramid.h are what the tracker calls: on CUDA tensors those come here where they can.
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/tracker/attention.h"
#include "model/tracker/delta_rule.h"

namespace catena::model {

/// Whether this build has the kernels: nvcc and a CUDA LibTorch were found. The functions below are there only then
/// (and in the tests, where the kernels are emulated and take CPU tensors).
#ifdef CATENA_CUDA_KERNELS
inline constexpr bool kernels_linked = true;
#else
inline constexpr bool kernels_linked = false;
#endif

/// Element types and sizes that a kernel has been compiled for. All refuse empty tensors.
bool attention_kernel_takes(const torch::Tensor& qkv, std::int64_t heads);
bool delta_kernel_takes(const torch::Tensor& v, std::int64_t width);
bool level_means_kernel_takes(const torch::Tensor& rows, std::int64_t levels);

/// chunk_attention() in one kernel; the rotation is done there, none if `rotary` is empty. Keeps qkv, the result and a
/// number a head and token for the way back.
torch::Tensor chunk_attention_kernel(const torch::Tensor& qkv, std::int64_t heads, std::int64_t chunk,
                                     const Rotary& rotary, Sight sight);

/// delta_rule_chunked(). Keeps the inputs and the state before each block of 64 or 32 tokens; the way back makes the
/// rest again.
DeltaOutputs delta_rule_kernel(const DeltaInputs& in);

/// Means of each 4, 16, 64... rows, whole groups only, float32: rows [B, T, C] -> level by level [B, T / 4^level, C].
std::vector<torch::Tensor> level_means_kernel(const torch::Tensor& rows, std::int64_t levels);

/// Whether delta_rule_chunked() of such values, with keys of `width`, is the kernel's.
inline bool delta_runs_on_kernel([[maybe_unused]] const torch::Tensor& v, [[maybe_unused]] std::int64_t width) {
  if constexpr (kernels_linked) {
    return v.is_cuda() && delta_kernel_takes(v, width);
  } else {
    return false;
  }
}

}  // namespace catena::model
