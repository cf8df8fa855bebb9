// The inverse of a small unit lower triangular matrix in shared memory.
#pragma once

#include "model/tracker/cuda/device.cuh"

namespace catena::training_kernels {

/// In: the strictly lower triangle of L (the rest is not read). Out: (I + L)^-1, zeros above the diagonal. All threads
/// of the block must come here, in step; it ends in step. Diagonal blocks of 16 by forward substitution, a thread a
/// column; then pairs of blocks by inv([[A, 0], [B, C]]) = [[A', 0], [-C' B A', C']]. Never by powers of L, which
/// overflow when neighbouring keys are alike.
template <int kSize, int kThreads>
__device__ void invert_unit_lower(float* m, int stride) {
  constexpr int kFirst = 16;
  static_assert(kSize % kFirst == 0 && kSize <= kThreads);
  const int thread = static_cast<int>(threadIdx.x), column = thread % kFirst;
  float x[kFirst];
  float* diagonal = m + thread / kFirst * kFirst * (stride + 1);
  if (thread < kSize) {
#pragma unroll
    for (int i = 0; i < kFirst; ++i) {
      float sum = i == column ? 1 : 0;
#pragma unroll
      for (int j = 0; j < i; ++j) sum -= diagonal[i * stride + j] * x[j];
      x[i] = sum;
    }
  }
  __syncthreads();  // every column has read what the others now replace
  if (thread < kSize) {
#pragma unroll
    for (int i = 0; i < kFirst; ++i) diagonal[i * stride + column] = x[i];
  }
  __syncthreads();
  for (int size = kFirst; size < kSize; size *= 2) {
    const int square = size * size, all = kSize / (2 * size) * square;
    // The place above the diagonal, where zeros belong, holds B A' meanwhile.
    for (int i = thread; i < all; i += kThreads) {
      float* pair = m + i / square * 2 * size * (stride + 1);
      const int row = i % square / size, at = i % size;
      float sum = 0;
      for (int k = at; k < size; ++k) sum += pair[(size + row) * stride + k] * pair[k * stride + at];
      pair[row * stride + size + at] = sum;
    }
    __syncthreads();
    for (int i = thread; i < all; i += kThreads) {
      float* pair = m + i / square * 2 * size * (stride + 1);
      const int row = i % square / size, at = i % size;
      float sum = 0;
      for (int k = 0; k <= row; ++k) sum -= pair[(size + row) * stride + size + k] * pair[k * stride + size + at];
      pair[(size + row) * stride + at] = sum;
    }
    __syncthreads();
    for (int i = thread; i < all; i += kThreads) {
      m[i / square * 2 * size * (stride + 1) + i % square / size * stride + size + i % size] = 0;
    }
    __syncthreads();
  }
}

}  // namespace catena::training_kernels
