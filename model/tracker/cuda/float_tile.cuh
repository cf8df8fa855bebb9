// A tile of sums that the threads of a block hold in registers, 32-bit.
#pragma once

#include "model/tracker/cuda/device.cuh"

namespace catena::training_kernels {

/// M x N sums of a block of `Threads` threads: each thread has four rows, and every so-manieth column of them, so that
/// a warp has 16 rows of its own when there are M / 16 warps.
template <int M, int N, int Threads>
class FloatTile {
 public:
  static constexpr int kRows = 4;
  static constexpr int kAcross = Threads * kRows / M;  ///< threads that share four rows; they are neighbours in a warp
  static constexpr int kColumns = N / kAcross;
  static_assert(kAcross <= 32 && kColumns * kAcross == N && Threads % 32 == 0);

  __device__ FloatTile() { zero(); }

  __device__ void zero() {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
#pragma unroll
      for (int j = 0; j < kColumns; ++j) sums_[i][j] = 0;
    }
  }

  /// Adds A B: A [M, depth] has (m, k) at a[m * a_row + k * a_column], B [depth, N] has (k, n) at b[k * b_row + n *
  /// b_column].
  __device__ void add(const float* a, int a_row, int a_column, const float* b, int b_row, int b_column, int depth) {
    const float* own_a = a + first_row() * a_row;
    const float* own_b = b + first_column() * b_column;
#pragma unroll 4
    for (int k = 0; k < depth; ++k) {
      float left[kRows], right[kColumns];
#pragma unroll
      for (int i = 0; i < kRows; ++i) left[i] = own_a[i * a_row + k * a_column];
#pragma unroll
      for (int j = 0; j < kColumns; ++j) right[j] = own_b[k * b_row + j * kAcross * b_column];
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
#pragma unroll
        for (int j = 0; j < kColumns; ++j) sums_[i][j] += left[i] * right[j];
      }
    }
  }

  /// Adds A B^T and A B of matrices whose rows are contiguous, `stride` apart.
  __device__ void add_nt(const float* a, int a_stride, const float* b, int b_stride, int depth) {
    add(a, a_stride, 1, b, 1, b_stride, depth);
  }
  __device__ void add_nn(const float* a, int a_stride, const float* b, int b_stride, int depth) {
    add(a, a_stride, 1, b, b_stride, 1, depth);
  }

  /// f(row, column, sum) for each of this thread's sums, which f may change.
  template <typename F>
  __device__ void each(const F& f) {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
#pragma unroll
      for (int j = 0; j < kColumns; ++j) f(first_row() + i, first_column() + j * kAcross, sums_[i][j]);
    }
  }

  /// out(row, sum over the row of f(row, column, sum)), called by one thread a row. All threads of the block must come
  /// here.
  template <typename F, typename Out>
  __device__ void row_sums(const F& f, const Out& out) {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      float sum = 0;
#pragma unroll
      for (int j = 0; j < kColumns; ++j) sum += f(first_row() + i, first_column() + j * kAcross, sums_[i][j]);
#pragma unroll
      for (int lanes = kAcross / 2; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, lanes);
      if (first_column() == 0) out(first_row() + i, sum);
    }
  }

  __device__ void add_tile(const FloatTile& other, float factor) {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
#pragma unroll
      for (int j = 0; j < kColumns; ++j) sums_[i][j] += factor * other.sums_[i][j];
    }
  }

  __device__ void learn_rows(float*) {}  // known
  __device__ void scale_rows(const float* factors) {
    each([&](int row, int, float& sum) { sum *= factors[row]; });
  }

  /// Row-major, `stride` between rows.
  __device__ void store(float* out, int stride) {
    each([&](int row, int column, float& sum) { out[row * stride + column] = sum; });
  }

 private:
  static __device__ int first_row() { return static_cast<int>(threadIdx.x) / kAcross * kRows; }
  static __device__ int first_column() { return static_cast<int>(threadIdx.x) % kAcross; }

  float sums_[kRows][kColumns];
};

}  // namespace catena::training_kernels
