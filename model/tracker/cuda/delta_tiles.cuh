// What the passes of the delta rule share: sizes, where a thread block stands, decays, loads.
#pragma once

#include <type_traits>

#include "model/tracker/cuda/delta_kernels.h"
#include "model/tracker/cuda/device.cuh"
#include "model/tracker/cuda/float_tile.cuh"

namespace catena::training_kernels {

template <int D>
struct DeltaPlan {
  static constexpr int kThreads = 128, kTokens = D == 128 ? 32 : 64, kSlice = 32;
  // Strides in shared memory: rows must not all begin in the same bank.
  static constexpr int kVector = D + 1, kSquare = kTokens + 1, kPiece = kSlice + 1;

  using Square = FloatTile<kTokens, kTokens, kThreads>;  // between the tokens of a block
  using Vectors = FloatTile<kTokens, D, kThreads>;       // like keys
  using Piece = FloatTile<kTokens, kSlice, kThreads>;    // some columns of values
  using StatePiece = FloatTile<D, kSlice, kThreads>;     // the same columns of the state
};

/// The tokens of one block of one head.
struct DeltaPlace {
  __device__ DeltaPlace(const DeltaSizes& sizes, std::int64_t head_of_all, std::int64_t block_of_head)
      : head(head_of_all),
        block(block_of_head),
        row(head * sizes.tokens + block * sizes.block),
        tokens(static_cast<int>(least(static_cast<std::int64_t>(sizes.block), sizes.tokens - block * sizes.block))),
        state((head * sizes.blocks() + block) * sizes.width * sizes.value_width) {}
  std::int64_t head, block;
  std::int64_t row;    ///< of the first token in [N, T]
  int tokens;          ///< rows behind them are tokens that change nothing: zeros, without decay
  std::int64_t state;  ///< of the block in [N, blocks, D, V]
};

/// Per token of a block: g = log of the decay since the block began, and what follows from it.
template <int D>
struct Gates {
  static constexpr int kTokens = DeltaPlan<D>::kTokens;
  float b[kTokens], g[kTokens];
  float from_start[kTokens];  ///< exp(g)
  float to_end[kTokens];      ///< exp(g of the last - g)

  /// Ends with the block's threads in step.
  __device__ void load(const DeltaArrays& in, const DeltaPlace& place) {
    const int i = static_cast<int>(threadIdx.x);
    if (i < kTokens) {
      from_start[i] = i < place.tokens ? in.log_a[place.row + i] : 0;
      b[i] = i < place.tokens ? in.b[place.row + i] : 0;
    }
    __syncthreads();
    float sum = 0;
    for (int j = 0; j <= i && j < kTokens; ++j) sum += from_start[j];
    __syncthreads();
    if (i < kTokens) g[i] = sum;
    __syncthreads();
    if (i < kTokens) {
      from_start[i] = expf(sum);
      to_end[i] = expf(g[kTokens - 1] - sum);
    }
    __syncthreads();
  }
  /// Of what a token wrote until a later one, or itself, reads it: never the exponential of a positive number.
  __device__ float decay(int later, int earlier) const { return expf(g[later] - g[earlier]); }
  __device__ float whole() const { return from_start[kTokens - 1]; }
};

/// `rows` rows of `columns` from memory, zeros behind them up to kRows.
template <int kRows, int kColumns, int kThreads>
__device__ void load_matrix(float* to, int to_stride, const float* from, std::int64_t from_stride, int rows) {
  for (int i = static_cast<int>(threadIdx.x); i < kRows * kColumns; i += kThreads) {
    const int row = i / kColumns, column = i % kColumns;
    to[row * to_stride + column] = row < rows ? from[row * from_stride + column] : 0;
  }
}

/// The same of keys or queries, each row times its factor (null: 1).
template <int D>
__device__ void load_vectors(float* to, const float* from, const DeltaPlace& place, const float* factors) {
  using Plan = DeltaPlan<D>;
  for (int i = static_cast<int>(threadIdx.x); i < Plan::kTokens * D; i += Plan::kThreads) {
    const int row = i / D, column = i % D;
    const float value = row < place.tokens ? from[(place.row + row) * D + column] : 0;
    to[row * Plan::kVector + column] = factors == nullptr ? value : value * factors[row];
  }
}

/// 32 columns from `slice` on of a [.., V] matrix of the block's tokens, and of a state.
template <int D>
__device__ void load_piece(float* to, const float* from, const DeltaSizes& sizes, const DeltaPlace& place, int slice) {
  using Plan = DeltaPlan<D>;
  load_matrix<Plan::kTokens, Plan::kSlice, Plan::kThreads>(
      to, Plan::kPiece, from + place.row * sizes.value_width + slice, sizes.value_width, place.tokens);
}
template <int D>
__device__ void load_state(float* to, const float* from, const DeltaSizes& sizes, int slice) {
  using Plan = DeltaPlan<D>;
  load_matrix<D, Plan::kSlice, Plan::kThreads>(to, Plan::kPiece, from + slice, sizes.value_width, D);
}

/// load_state()'s way back.
template <int D>
__device__ void store_state(float* to, const float* from, const DeltaSizes& sizes, int slice) {
  using Plan = DeltaPlan<D>;
  for (int i = static_cast<int>(threadIdx.x); i < D * Plan::kSlice; i += Plan::kThreads) {
    const int row = i / Plan::kSlice, column = i % Plan::kSlice;
    to[row * sizes.value_width + slice + column] = from[row * Plan::kPiece + column];
  }
}

/// to[i, j] = the product of row i of `left` and row j of `right`, as far as what token j wrote has decayed when token
/// i reads it; 0 where it has not been written yet.
template <int D>
__device__ void decayed_products(float* to, const float* left, const float* right, const Gates<D>& gates) {
  using Plan = DeltaPlan<D>;
  typename Plan::Square products;
  products.add_nt(left, Plan::kVector, right, Plan::kVector, D);
  products.each([&](int i, int j, float& product) {
    to[i * Plan::kSquare + j] = i >= j ? product * gates.decay(i, j) : 0;
  });
}

/// Pieces of the block's shared memory, one behind the other.
class SharedFloats {
 public:
  __host__ __device__ explicit SharedFloats(float* memory) : memory_(memory) {}
  __host__ __device__ float* take(int count) {
    float* piece = memory_ + used_;
    used_ += (count + 3) / 4 * 4;
    return piece;
  }
  __host__ __device__ int bytes() const { return used_ * static_cast<int>(sizeof(float)); }

 private:
  float* memory_;
  int used_ = 0;
};

/// Calls f with the constant of the width.
template <typename F>
void with_width(const DeltaSizes& sizes, const F& f) {
  switch (sizes.width) {
    case 32:
      return f(std::integral_constant<int, 32>());
    case 64:
      return f(std::integral_constant<int, 64>());
    default:
      return f(std::integral_constant<int, 128>());
  }
}

/// u = (I + L)^-1 (b v) and w = (I + L)^-1 (b k from_start) for every block, L the strictly lower triangle of b k k^T
/// decay: what each token writes is x = u - w S for the state S before the block. states null: x gets u; else x itself.
/// inverse: null, or gets (I + L)^-1. Where the sizes say `corrected` = false, x gets b v and the rest is left alone.
void delta_prepare(const DeltaSizes& sizes, const DeltaArrays& in, const float* states, float* x, float* w,
                   float* inverse, void* stream);

}  // namespace catena::training_kernels
