// Sums over the threads of a warp and of a block, and weights of every kind of number, 16 bytes at a time.
#pragma once

#include <cuda_runtime.h>

#include "model/cuda/launch.h"
#include "model/cuda/matrix.h"

namespace catena::model::cuda {

inline constexpr unsigned whole_warp = 0xffffffffU;

__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
  for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(whole_warp, value, lanes);
  return value;
}
__device__ __forceinline__ float warp_max(float value) {
#pragma unroll
  for (int lanes = 16; lanes > 0; lanes /= 2) value = fmaxf(value, __shfl_xor_sync(whole_warp, value, lanes));
  return value;
}

/// Of all threads, to all threads. `parts` is shared memory, one float a warp; blockDim.x is a multiple of 32.
__device__ __forceinline__ float block_sum(float value, float* parts) {
  value = warp_sum(value);
  __syncthreads();  // the parts of the sum before this one have been read
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  float total = 0;
  for (unsigned i = 0; i < blockDim.x / 32; ++i) total += parts[i];
  return total;
}
__device__ __forceinline__ float block_max(float value, float* parts) {
  value = warp_max(value);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  float largest = parts[0];
  for (unsigned i = 1; i < blockDim.x / 32; ++i) largest = fmaxf(largest, parts[i]);
  return largest;
}

__device__ __forceinline__ float silu(float x) { return x / (1.0F + expf(-x)); }

/// 16 bytes of weights, and how they become floats.
template <typename Kind>
struct Weights16;
template <>
struct Weights16<float> {
  static constexpr int count = 4;
  __device__ static void unpack(uint4 word, float* out) {
    out[0] = __uint_as_float(word.x);
    out[1] = __uint_as_float(word.y);
    out[2] = __uint_as_float(word.z);
    out[3] = __uint_as_float(word.w);
  }
};
template <>
struct Weights16<Bfloat16> {
  static constexpr int count = 8;
  __device__ static void unpack(uint4 word, float* out) {
    const unsigned words[4] = {word.x, word.y, word.z, word.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      out[2 * i] = __uint_as_float(words[i] << 16);
      out[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000U);
    }
  }
};
template <>
struct Weights16<Int8> {
  static constexpr int count = 16;
  __device__ static void unpack(uint4 word, float* out) {
    const unsigned words[4] = {word.x, word.y, word.z, word.w};
#pragma unroll
    for (int i = 0; i < 16; ++i) out[i] = static_cast<float>(static_cast<signed char>(words[i / 4] >> (i % 4 * 8)));
  }
};

/// The 16 bytes at number `index` of row `row`.
template <typename Kind>
__device__ __forceinline__ uint4 load16(const Matrix& matrix, int row, int index) {
  const std::size_t words = static_cast<std::size_t>(matrix.inputs) / Weights16<Kind>::count;
  return __ldg(static_cast<const uint4*>(matrix.weights) + static_cast<std::size_t>(row) * words +
               static_cast<std::size_t>(index));
}
template <typename Kind>
__device__ __forceinline__ float row_scale(const Matrix& /*matrix*/, int /*row*/) {
  return 1.0F;
}
template <>
__device__ __forceinline__ float row_scale<Int8>(const Matrix& matrix, int row) {
  return __ldg(matrix.scales + row);
}

/// This lane's share of two rows' products with x, to be summed over the warp.
template <typename Kind>
__device__ __forceinline__ void two_rows(const Matrix& matrix, int first, int second, const float* x, float& a,
                                         float& b) {
  constexpr int count = Weights16<Kind>::count;
  for (int i = static_cast<int>(threadIdx.x % 32); i < matrix.inputs / count; i += 32) {
    const uint4 words[2] = {load16<Kind>(matrix, first, i), load16<Kind>(matrix, second, i)};
    float left[count], right[count];
    Weights16<Kind>::unpack(words[0], left);
    Weights16<Kind>::unpack(words[1], right);
#pragma unroll
    for (int j = 0; j < count; j += 4) {
      const float4 input = *reinterpret_cast<const float4*>(x + i * count + j);
      a += left[j] * input.x + left[j + 1] * input.y + left[j + 2] * input.z + left[j + 3] * input.w;
      b += right[j] * input.x + right[j + 1] * input.y + right[j + 2] * input.z + right[j + 3] * input.w;
    }
  }
}

/// use(float{}), use(Bfloat16{}) or use(Int8{}).
template <typename Use>
void with_kind(Number number, const Use& use) {
  switch (number) {
    case Number::float32:
      return use(float{});
    case Number::bfloat16:
      return use(Bfloat16{});
    case Number::int8:
      return use(Int8{});
  }
}

}  // namespace catena::model::cuda
