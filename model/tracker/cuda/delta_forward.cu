#include "model/tracker/cuda/delta_tiles.cuh"

namespace catena::training_kernels {
namespace {

template <int D>
struct ScanMemory {
  using Plan = DeltaPlan<D>;
  __host__ __device__ explicit ScanMemory(float* memory) : pieces(memory) {
    k = pieces.take(Plan::kTokens * Plan::kVector);
    w = pieces.take(Plan::kTokens * Plan::kVector);
    x = pieces.take(Plan::kTokens * Plan::kPiece);
    state = pieces.take(D * Plan::kPiece);
  }
  SharedFloats pieces;
  float *k, *w, *x, *state;
};

/// 32 columns of one head's state through all blocks. x comes as u and leaves as what the tokens write.
template <int D>
__global__ void scan(DeltaSizes sizes, DeltaArrays in, DeltaForward forward) {
  using Plan = DeltaPlan<D>;
  const ScanMemory<D> shared(reinterpret_cast<float*>(dynamic_shared_memory()));
  __shared__ Gates<D> gates;
  const int slice = static_cast<int>(blockIdx.x) * Plan::kSlice;
  const std::int64_t head = blockIdx.y, of_state = head * D * sizes.value_width;
  load_state<D>(shared.state, forward.state + of_state, sizes, slice);
  for (std::int64_t block = 0; block < sizes.blocks(); ++block) {
    const DeltaPlace place(sizes, head, block);
    gates.load(in, place);
    load_vectors<D>(shared.k, in.k, place, gates.to_end);
    if (sizes.corrected) load_vectors<D>(shared.w, forward.scratch_w, place, nullptr);
    load_piece<D>(shared.x, forward.scratch_x, sizes, place, slice);
    store_state<D>(forward.states + place.state, shared.state, sizes, slice);
    __syncthreads();
    if (sizes.corrected) {
      typename Plan::Piece known;
      known.add_nn(shared.w, Plan::kVector, shared.state, Plan::kPiece, D);
      known.each([&](int row, int column, float& sum) {
        float& x = shared.x[row * Plan::kPiece + column];
        x -= sum;
        if (row < place.tokens) forward.scratch_x[(place.row + row) * sizes.value_width + slice + column] = x;
      });
      __syncthreads();
    }
    typename Plan::StatePiece written;
    written.add(shared.k, 1, Plan::kVector, shared.x, Plan::kPiece, 1, Plan::kTokens);
    const float whole = gates.whole();
    written.each([&](int row, int column, float& sum) {
      float& s = shared.state[row * Plan::kPiece + column];
      s = whole * s + sum;
    });
    __syncthreads();
  }
  store_state<D>(forward.final_state + of_state, shared.state, sizes, slice);
}

template <int D>
struct ReadMemory {
  using Plan = DeltaPlan<D>;
  __host__ __device__ explicit ReadMemory(float* memory) : pieces(memory) {
    q = pieces.take(Plan::kTokens * Plan::kVector);
    k = pieces.take(Plan::kTokens * Plan::kVector);
    inside = pieces.take(Plan::kTokens * Plan::kSquare);
    x = pieces.take(Plan::kTokens * Plan::kPiece);
    state = pieces.take(D * Plan::kPiece);
  }
  SharedFloats pieces;
  float *q, *k, *inside, *x, *state;
};

/// What the queries of a block read: from the state before it, and from the tokens of the block up to their own.
template <int D>
__global__ void read(DeltaSizes sizes, DeltaArrays in, DeltaForward forward) {
  using Plan = DeltaPlan<D>;
  const ReadMemory<D> shared(reinterpret_cast<float*>(dynamic_shared_memory()));
  __shared__ Gates<D> gates;
  const DeltaPlace place(sizes, blockIdx.y, blockIdx.x);
  gates.load(in, place);
  load_vectors<D>(shared.q, in.q, place, nullptr);
  load_vectors<D>(shared.k, in.k, place, nullptr);
  __syncthreads();
  decayed_products<D>(shared.inside, shared.q, shared.k, gates);
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < Plan::kTokens * D; i += Plan::kThreads) {
    shared.q[i / D * Plan::kVector + i % D] *= gates.from_start[i / D];
  }
  for (int slice = 0; slice < sizes.value_width; slice += Plan::kSlice) {
    __syncthreads();
    load_piece<D>(shared.x, forward.scratch_x, sizes, place, slice);
    load_state<D>(shared.state, forward.states + place.state, sizes, slice);
    __syncthreads();
    typename Plan::Piece out;
    out.add_nn(shared.q, Plan::kVector, shared.state, Plan::kPiece, D);
    out.add_nn(shared.inside, Plan::kSquare, shared.x, Plan::kPiece, Plan::kTokens);
    out.each([&](int row, int column, float& sum) {
      if (row < place.tokens) forward.out[(place.row + row) * sizes.value_width + slice + column] = sum;
    });
  }
}

}  // namespace

bool delta_takes(int width, int value_width) {
  return (width == 32 || width == 64 || width == 128) && value_width > 0 && value_width % 32 == 0;
}

int delta_block(int width) { return width == 128 ? DeltaPlan<128>::kTokens : DeltaPlan<64>::kTokens; }

void delta_rule_forward(const DeltaSizes& sizes, const DeltaArrays& in, const DeltaForward& forward, void* stream) {
  delta_prepare(sizes, in, nullptr, forward.scratch_x, forward.scratch_w, nullptr, stream);
  with_width(sizes, [&](auto width) {
    constexpr int D = decltype(width)::value;
    using Plan = DeltaPlan<D>;
    const auto heads = static_cast<unsigned>(sizes.heads);
    launch("states of the delta rule", scan<D>, dim3(static_cast<unsigned>(sizes.value_width / Plan::kSlice), heads),
           Plan::kThreads, ScanMemory<D>(nullptr).pieces.bytes(), stream, sizes, in, forward);
    launch("outputs of the delta rule", read<D>, dim3(static_cast<unsigned>(sizes.blocks()), heads), Plan::kThreads,
           ReadMemory<D>(nullptr).pieces.bytes(), stream, sizes, in, forward);
  });
}

}  // namespace catena::training_kernels
