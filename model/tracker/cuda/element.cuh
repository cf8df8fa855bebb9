// Types of elements in memory; sums are 32-bit everywhere.
#pragma once

#include <type_traits>

#include "model/tracker/cuda/device.cuh"

namespace catena::training_kernels {

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(__nv_bfloat16 x) { return __bfloat162float(x); }
template <typename T>
__device__ T from_float(float x) {
  if constexpr (std::is_same_v<T, float>) {
    return x;
  } else {
    return __float2bfloat16(x);
  }
}

}  // namespace catena::training_kernels
