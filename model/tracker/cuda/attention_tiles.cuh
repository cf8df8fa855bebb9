// What the passes of chunk attention share: sizes, tiles in shared memory, where a block stands.
#pragma once

#include <type_traits>

#include "model/tracker/cuda/chunk_attention.h"
#include "model/tracker/cuda/device.cuh"
#include "model/tracker/cuda/element.cuh"
#include "model/tracker/cuda/float_tile.cuh"
#include "model/tracker/cuda/tensor_core_tile.cuh"

namespace catena::training_kernels {

constexpr float kLog2e = 1.44269504F, kLn2 = 0.69314718F;

/// A block owns kRows rows (queries, or keys on the way back to them), 16 a warp, and passes over kColumns of the
/// others at a time. 32-bit numbers of the widest heads have smaller blocks, so that all fits the 99 KB that every
/// processor from sm_80 on has.
template <typename T, int D>
struct AttentionPlan {
  static constexpr bool kTensorCores = !std::is_same_v<T, float>;
  static constexpr int kWarps = kTensorCores || D < 128 ? 4 : 2;
  static constexpr int kThreads = 32 * kWarps, kRows = 16 * kWarps, kColumns = 32;
  // Strides of the tiles. Rows must not all begin in the same bank; tensor cores want multiples of 16 bytes.
  static constexpr int kVector = kTensorCores ? D + 8 : D + 1;                // of T: queries, keys, values
  static constexpr int kScore = kTensorCores ? kColumns + 4 : kColumns + 1;   // of float
  static constexpr int kWeight = kTensorCores ? kColumns + 8 : kColumns + 1;  // of T
  static constexpr int kSum = D + 4;                                          // of float: results on their way out

  template <int N>
  using Tile = std::conditional_t<kTensorCores, TensorCoreTile<kRows, N>, FloatTile<kRows, N, kThreads>>;
};

/// Takes pieces of the block's shared memory, each on a multiple of 32 bytes.
class SharedPieces {
 public:
  __host__ __device__ explicit SharedPieces(unsigned char* memory) : memory_(memory) {}
  template <typename T>
  __host__ __device__ T* take(int count) {
    T* piece = reinterpret_cast<T*>(memory_ + used_);
    used_ += (count * static_cast<int>(sizeof(T)) + 31) / 32 * 32;
    return piece;
  }
  __host__ __device__ int used() const { return used_; }

 private:
  unsigned char* memory_;
  int used_ = 0;
};

/// The chunk that a block works in, and its rows there.
template <int kRows>
struct ChunkPlace {
  __device__ explicit ChunkPlace(const ChunkAttention& a) {
    const std::int64_t tiles = (a.chunk + kRows - 1) / kRows;
    const std::int64_t chunk = blockIdx.x / tiles;
    begin = chunk * a.chunk;
    length = static_cast<int>(least(a.chunk, a.tokens - begin));
    first = static_cast<int>(blockIdx.x - chunk * tiles) * kRows;
    head = blockIdx.y;
    batch = blockIdx.z;
    statistics = (batch * a.heads + head) * a.tokens + begin;
  }
  template <typename T>
  __device__ T* in(const HeadVectors& x) const {
    return static_cast<T*>(x.data) + batch * x.batch_stride + begin * x.token_stride + head * x.head_stride;
  }

  std::int64_t begin, head, batch;
  std::int64_t statistics;  ///< of the chunk's first row in [B, H, T]
  int length, first;        ///< tokens of the chunk; the block's first row, counted from the chunk's start
};

/// Blocks for every kRows rows of every chunk, every head, every stream.
template <int kRows>
dim3 attention_grid(const ChunkAttention& a) {
  const std::int64_t chunks = (a.tokens + a.chunk - 1) / a.chunk, tiles = (a.chunk + kRows - 1) / kRows;
  return dim3(static_cast<unsigned>(chunks * tiles), static_cast<unsigned>(a.heads), static_cast<unsigned>(a.batch));
}

/// The two halves of a vector turned by its position (rotary encoding: Su et al. 2021); turn = -1: back.
__device__ inline void turn_pair(const ChunkAttention& a, int position, int index, int half, float turn, float& low,
                                 float& high) {
  if (a.cosines == nullptr) return;
  const float c = a.cosines[static_cast<std::int64_t>(position) * half + index];
  const float s = a.sines[static_cast<std::int64_t>(position) * half + index] * turn;
  const float x = low * c - high * s;
  high = low * s + high * c;
  low = x;
}

/// Rows first, first + 1... of a chunk into a tile [kRows, D], zeros behind the chunk's end.
template <typename T, int D, int kRows, int kThreads>
__device__ void load_rows(T* tile, const T* chunk, std::int64_t stride, int first, int length, const ChunkAttention& a,
                          bool rotated) {
  constexpr int half = D / 2, row_stride = AttentionPlan<T, D>::kVector;
  for (int i = static_cast<int>(threadIdx.x); i < kRows * half; i += kThreads) {
    const int row = i / half, index = i % half, position = first + row;
    float low = 0, high = 0;
    if (position < length) {
      const T* from = chunk + position * stride + index;
      low = to_float(from[0]);
      high = to_float(from[half]);
      if (rotated) turn_pair(a, position, index, half, 1, low, high);
    }
    tile[row * row_stride + index] = from_float<T>(low);
    tile[row * row_stride + index + half] = from_float<T>(high);
  }
}

/// Sums [kRows, D] to rows of a chunk, through shared memory (kRows * kSum floats).
template <typename T, int D, typename Tile>
__device__ void write_rows(Tile& sums, float* shared, T* chunk, std::int64_t stride, int first, int length,
                           const ChunkAttention& a, bool rotated) {
  using Plan = AttentionPlan<T, D>;
  constexpr int half = D / 2;
  __syncthreads();  // the memory was something else's
  sums.store(shared, Plan::kSum);
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < Plan::kRows * half; i += Plan::kThreads) {
    const int row = i / half, index = i % half, position = first + row;
    if (position >= length) continue;
    float low = shared[row * Plan::kSum + index], high = shared[row * Plan::kSum + index + half];
    if (rotated) turn_pair(a, position, index, half, -1, low, high);
    T* to = chunk + position * stride + index;
    to[0] = from_float<T>(low);
    to[half] = from_float<T>(high);
  }
}

/// Calls f(element type, constant of the head width) for the instance that the attention needs.
template <typename F>
void with_types(const ChunkAttention& a, const F& f) {
  const auto by_width = [&](auto element) {
    switch (a.head_width) {
      case 32:
        return f(element, std::integral_constant<int, 32>());
      case 64:
        return f(element, std::integral_constant<int, 64>());
      default:
        return f(element, std::integral_constant<int, 128>());
    }
  };
  if (a.type == ElementType::float32) {
    by_width(float());
  } else {
    by_width(__nv_bfloat16());
  }
}

}  // namespace catena::training_kernels
