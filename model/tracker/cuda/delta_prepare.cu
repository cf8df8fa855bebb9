#include "model/tracker/cuda/delta_tiles.cuh"
#include "model/tracker/cuda/unit_lower_inverse.cuh"

namespace catena::training_kernels {
namespace {

template <int D>
struct PrepareMemory {
  using Plan = DeltaPlan<D>;
  __host__ __device__ explicit PrepareMemory(float* memory) : pieces(memory) {
    k = pieces.take(Plan::kTokens * Plan::kVector);
    w = pieces.take(Plan::kTokens * Plan::kVector);
    inverse = pieces.take(Plan::kTokens * Plan::kSquare);
    piece = pieces.take(Plan::kTokens * Plan::kPiece);
    state = pieces.take(D * Plan::kPiece);
  }
  SharedFloats pieces;
  float *k, *w, *inverse, *piece, *state;
};

template <int D>
__global__ void prepare(DeltaSizes sizes, DeltaArrays in, const float* states, float* x, float* w, float* inverse) {
  using Plan = DeltaPlan<D>;
  const PrepareMemory<D> shared(reinterpret_cast<float*>(dynamic_shared_memory()));
  __shared__ Gates<D> gates;
  const DeltaPlace place(sizes, blockIdx.y, blockIdx.x);
  gates.load(in, place);
  load_vectors<D>(shared.k, in.k, place, nullptr);
  __syncthreads();
  {
    typename Plan::Square products;
    products.add_nt(shared.k, Plan::kVector, shared.k, Plan::kVector, D);
    products.each([&](int i, int j, float& product) {
      shared.inverse[i * Plan::kSquare + j] = i > j ? gates.b[i] * product * gates.decay(i, j) : 0;
    });
  }
  __syncthreads();
  invert_unit_lower<Plan::kTokens, Plan::kThreads>(shared.inverse, Plan::kSquare);
  if (inverse != nullptr) {
    float* own = inverse + (place.head * sizes.blocks() + place.block) * Plan::kTokens * Plan::kTokens;
    for (int i = static_cast<int>(threadIdx.x); i < Plan::kTokens * Plan::kTokens; i += Plan::kThreads) {
      own[i] = shared.inverse[i / Plan::kTokens * Plan::kSquare + i % Plan::kTokens];
    }
  }
  for (int i = static_cast<int>(threadIdx.x); i < Plan::kTokens * D; i += Plan::kThreads) {
    shared.k[i / D * Plan::kVector + i % D] *= gates.b[i / D] * gates.from_start[i / D];
  }
  __syncthreads();
  {
    typename Plan::Vectors written;
    written.add_nn(shared.inverse, Plan::kSquare, shared.k, Plan::kVector, Plan::kTokens);
    written.each([&](int row, int column, float& sum) {
      shared.w[row * Plan::kVector + column] = sum;
      if (row < place.tokens) w[(place.row + row) * D + column] = sum;
    });
  }
  for (int slice = 0; slice < sizes.value_width; slice += Plan::kSlice) {
    __syncthreads();
    load_piece<D>(shared.piece, in.v, sizes, place, slice);
    if (states != nullptr) load_state<D>(shared.state, states + place.state, sizes, slice);
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < Plan::kTokens * Plan::kSlice; i += Plan::kThreads) {
      shared.piece[i / Plan::kSlice * Plan::kPiece + i % Plan::kSlice] *= gates.b[i / Plan::kSlice];
    }
    __syncthreads();
    typename Plan::Piece u, known;  // known: what the state already says of the keys
    u.add_nn(shared.inverse, Plan::kSquare, shared.piece, Plan::kPiece, Plan::kTokens);
    if (states != nullptr) known.add_nn(shared.w, Plan::kVector, shared.state, Plan::kPiece, D);
    u.add_tile(known, -1);
    u.each([&](int row, int column, float& sum) {
      if (row < place.tokens) x[(place.row + row) * sizes.value_width + slice + column] = sum;
    });
  }
}

/// x = b v, a thread a number.
__global__ void weigh_values(const float* v, const float* b, float* x, std::int64_t rows, int value_width) {
  const std::int64_t i = blockIdx.x * static_cast<std::int64_t>(blockDim.x) + threadIdx.x;
  if (i < rows * value_width) x[i] = b[i / value_width] * v[i];
}

}  // namespace

void delta_prepare(const DeltaSizes& sizes, const DeltaArrays& in, const float* states, float* x, float* w,
                   float* inverse, void* stream) {
  if (!sizes.corrected) {
    constexpr int threads = 256;
    const std::int64_t rows = sizes.heads * sizes.tokens;
    const dim3 grid(static_cast<unsigned>((rows * sizes.value_width + threads - 1) / threads));
    launch("weighted values", weigh_values, grid, threads, 0, stream, in.v, in.b, x, rows, sizes.value_width);
    return;
  }
  with_width(sizes, [&](auto width) {
    constexpr int D = decltype(width)::value;
    const dim3 grid(static_cast<unsigned>(sizes.blocks()), static_cast<unsigned>(sizes.heads));
    launch("WY form", prepare<D>, grid, DeltaPlan<D>::kThreads, PrepareMemory<D>(nullptr).pieces.bytes(), stream, sizes,
           in, states, x, w, inverse);
  });
}

}  // namespace catena::training_kernels
