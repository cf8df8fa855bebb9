// A tile of sums on tensor cores: bfloat16 factors, 32-bit sums.
#pragma once

#include <mma.h>

#include <type_traits>

#include "model/tracker/cuda/device.cuh"

namespace catena::training_kernels {

/// M x N sums of M / 16 warps, 16 rows a warp; the interface of FloatTile as far as attention needs it. Where a warp
/// keeps which sum is the compiler's secret, so what is done row by row goes through shared memory, or through
/// scale_rows().
template <int M, int N>
class TensorCoreTile {
 public:
  static constexpr int kSide = 16;
  static_assert(M % kSide == 0 && N % kSide == 0);
  using Sums = nvcuda::wmma::fragment<nvcuda::wmma::accumulator, kSide, kSide, kSide, float>;

  __device__ TensorCoreTile() { zero(); }

  __device__ void zero() {
#pragma unroll
    for (int n = 0; n < N / kSide; ++n) nvcuda::wmma::fill_fragment(sums_[n], 0.0F);
  }

  /// Adds A B^T and A B of matrices whose rows are contiguous, `stride` apart (a multiple of 8); the columns of A and
  /// the tile's start on 32 bytes.
  __device__ void add_nt(const __nv_bfloat16* a, int a_stride, const __nv_bfloat16* b, int b_stride, int depth) {
    add<true>(a, a_stride, b, b_stride, depth);
  }
  __device__ void add_nn(const __nv_bfloat16* a, int a_stride, const __nv_bfloat16* b, int b_stride, int depth) {
    add<false>(a, a_stride, b, b_stride, depth);
  }

  /// Multiplies each row by its factor [M]; after learn_rows().
  __device__ void scale_rows(const float* factors) {
    const float* own = factors + first_row();
#pragma unroll
    for (int e = 0; e < sums_[0].num_elements; ++e) {
      const float factor = own[rows_[e]];
#pragma unroll
      for (int n = 0; n < N / kSide; ++n) sums_[n].x[e] *= factor;
    }
  }

  /// Finds out which rows this thread's sums are in, before scale_rows(). scratch: 256 floats of this warp alone.
  __device__ void learn_rows(float* scratch) {
    for (int i = static_cast<int>(threadIdx.x) % 32; i < kSide * kSide; i += 32)
      scratch[i] = static_cast<float>(i / kSide);
    __syncwarp();
    Sums numbers;
    nvcuda::wmma::load_matrix_sync(numbers, scratch, kSide, nvcuda::wmma::mem_row_major);
#pragma unroll
    for (int e = 0; e < numbers.num_elements; ++e) rows_[e] = static_cast<unsigned char>(numbers.x[e]);
    __syncwarp();
  }

  /// Row-major, `stride` between rows (a multiple of 4).
  __device__ void store(float* out, int stride) {
#pragma unroll
    for (int n = 0; n < N / kSide; ++n) {
      nvcuda::wmma::store_matrix_sync(out + first_row() * stride + n * kSide, sums_[n], static_cast<unsigned>(stride),
                                      nvcuda::wmma::mem_row_major);
    }
  }

 private:
  static __device__ int first_row() { return static_cast<int>(threadIdx.x) / 32 * kSide; }

  template <bool transposed>
  __device__ void add(const __nv_bfloat16* a, int a_stride, const __nv_bfloat16* b, int b_stride, int depth) {
    using namespace nvcuda::wmma;
    using Layout = std::conditional_t<transposed, col_major, row_major>;
    fragment<matrix_a, kSide, kSide, kSide, __nv_bfloat16, row_major> left;
    fragment<matrix_b, kSide, kSide, kSide, __nv_bfloat16, Layout> right;
    for (int k = 0; k < depth; k += kSide) {
      load_matrix_sync(left, a + first_row() * a_stride + k, static_cast<unsigned>(a_stride));
#pragma unroll
      for (int n = 0; n < N / kSide; ++n) {
        const __nv_bfloat16* from = transposed ? b + n * kSide * b_stride + k : b + k * b_stride + n * kSide;
        load_matrix_sync(right, from, static_cast<unsigned>(b_stride));
        mma_sync(sums_[n], left, right, sums_[n]);
      }
    }
  }

  Sums sums_[N / kSide];
  unsigned char rows_[sizeof(Sums::x) / sizeof(float)];
};

}  // namespace catena::training_kernels
