// The way back through outputs and states; delta_backward_inputs.cu goes on to the inputs of the WY form.
#include "model/tracker/cuda/delta_backward.cuh"

namespace catena::training_kernels {
namespace {

template <int D>
struct ReadMemory {
  using Plan = DeltaPlan<D>;
  __host__ __device__ explicit ReadMemory(float* memory) : pieces(memory) {
    q = pieces.take(Plan::kTokens * Plan::kVector);
    k = pieces.take(Plan::kTokens * Plan::kVector);
    inside = pieces.take(Plan::kTokens * Plan::kSquare);
    d_products = pieces.take(Plan::kTokens * Plan::kSquare);
    x = pieces.take(Plan::kTokens * Plan::kPiece);
    d_out = pieces.take(Plan::kTokens * Plan::kPiece);
    state = pieces.take(D * Plan::kPiece);
  }
  SharedFloats pieces;
  float *q, *k, *inside, *d_products, *x, *d_out, *state;
};

/// Back through o = from_start q S + (q k^T decay) x: dq, what dk and the decay get from here, and dx as far as it
/// comes from these outputs.
template <int D>
__global__ void read_backward(DeltaSizes sizes, DeltaArrays in, DeltaBackward back) {
  using Plan = DeltaPlan<D>;
  const ReadMemory<D> shared(reinterpret_cast<float*>(dynamic_shared_memory()));
  __shared__ Gates<D> gates;
  __shared__ float from_state[Plan::kTokens];
  const DeltaPlace place(sizes, blockIdx.y, blockIdx.x);
  gates.load(in, place);
  load_vectors<D>(shared.q, in.q, place, nullptr);
  load_vectors<D>(shared.k, in.k, place, nullptr);
  __syncthreads();
  decayed_products<D>(shared.inside, shared.q, shared.k, gates);
  typename Plan::Square d_inside;
  typename Plan::Vectors dq;  // d_out S^T at first
  for (int slice = 0; slice < sizes.value_width; slice += Plan::kSlice) {
    __syncthreads();
    load_piece<D>(shared.x, back.scratch_x, sizes, place, slice);
    load_piece<D>(shared.d_out, back.d_out, sizes, place, slice);
    load_state<D>(shared.state, back.states + place.state, sizes, slice);
    __syncthreads();
    d_inside.add_nt(shared.d_out, Plan::kPiece, shared.x, Plan::kPiece, Plan::kSlice);
    dq.add_nt(shared.d_out, Plan::kPiece, shared.state, Plan::kPiece, Plan::kSlice);
    typename Plan::Piece dx;
    dx.add(shared.inside, 1, Plan::kSquare, shared.d_out, Plan::kPiece, 1, Plan::kTokens);
    dx.each([&](int row, int column, float& sum) {
      if (row < place.tokens) back.scratch_dx[(place.row + row) * sizes.value_width + slice + column] = sum;
    });
  }
  __syncthreads();
  dq.each([&](int row, int, float& sum) { sum *= gates.from_start[row]; });
  dq.row_sums([&](int row, int column, float sum) { return sum * shared.q[row * Plan::kVector + column]; },
              [&](int row, float sum) { from_state[row] = sum; });
  d_inside.each([&](int i, int j, float& sum) {
    shared.d_products[i * Plan::kSquare + j] = i >= j ? sum * gates.decay(i, j) : 0;
    float& d_decay =
        shared.inside[i * Plan::kSquare + j];  // gradient of log decay(i, j); a token's own is 1 whatever the gates
    d_decay = i > j ? d_decay * sum : 0;
  });
  __syncthreads();
  dq.add_nn(shared.d_products, Plan::kSquare, shared.k, Plan::kVector, Plan::kTokens);
  dq.each([&](int row, int column, float& sum) {
    if (row < place.tokens) back.dq[(place.row + row) * D + column] = sum;
  });
  typename Plan::Vectors dk;
  dk.add(shared.d_products, 1, Plan::kSquare, shared.q, Plan::kVector, 1, Plan::kTokens);
  dk.each([&](int row, int column, float& sum) {
    if (row < place.tokens) back.dk[(place.row + row) * D + column] = sum;
  });
  const int token = static_cast<int>(threadIdx.x);
  if (token < place.tokens) {
    float sum = from_state[token];
    for (int i = 0; i < Plan::kTokens; ++i)
      sum += shared.inside[token * Plan::kSquare + i] - shared.inside[i * Plan::kSquare + token];
    back.d_log_a[place.row + token] = sum;  // of g: the sum over the later tokens is taken with the rest
  }
}

template <int D>
struct ScanMemory {
  using Plan = DeltaPlan<D>;
  __host__ __device__ explicit ScanMemory(float* memory) : pieces(memory) {
    q = pieces.take(Plan::kTokens * Plan::kVector);
    k = pieces.take(Plan::kTokens * Plan::kVector);
    w = pieces.take(Plan::kTokens * Plan::kVector);
    d_out = pieces.take(Plan::kTokens * Plan::kPiece);
    dx = pieces.take(Plan::kTokens * Plan::kPiece);
    d_state = pieces.take(D * Plan::kPiece);
  }
  SharedFloats pieces;
  float *q, *k, *w, *d_out, *dx, *d_state;
};

/// The gradient of 32 columns of one head's state, from the last block to the first. Leaves behind, of each block, the
/// gradient of the state after it, and completes dx.
template <int D>
__global__ void scan_backward(DeltaSizes sizes, DeltaArrays in, DeltaBackward back) {
  using Plan = DeltaPlan<D>;
  const ScanMemory<D> shared(reinterpret_cast<float*>(dynamic_shared_memory()));
  __shared__ Gates<D> gates;
  const int slice = static_cast<int>(blockIdx.x) * Plan::kSlice;
  const std::int64_t head = blockIdx.y, of_state = head * D * sizes.value_width;
  load_state<D>(shared.d_state, back.d_final_state + of_state, sizes, slice);
  for (std::int64_t block = sizes.blocks() - 1; block >= 0; --block) {
    const DeltaPlace place(sizes, head, block);
    gates.load(in, place);
    load_vectors<D>(shared.q, in.q, place, gates.from_start);
    load_vectors<D>(shared.k, in.k, place, gates.to_end);
    if (sizes.corrected) load_vectors<D>(shared.w, back.scratch_w, place, nullptr);
    load_piece<D>(shared.d_out, back.d_out, sizes, place, slice);
    load_piece<D>(shared.dx, back.scratch_dx, sizes, place, slice);
    store_state<D>(back.scratch_states + place.state, shared.d_state, sizes, slice);
    __syncthreads();
    {
      typename Plan::Piece through_state;
      through_state.add_nn(shared.k, Plan::kVector, shared.d_state, Plan::kPiece, D);
      through_state.each([&](int row, int column, float& sum) {
        float& dx = shared.dx[row * Plan::kPiece + column];
        dx += sum;
        if (row < place.tokens) back.scratch_dx[(place.row + row) * sizes.value_width + slice + column] = dx;
      });
    }
    __syncthreads();
    typename Plan::StatePiece read, known;
    read.add(shared.q, 1, Plan::kVector, shared.d_out, Plan::kPiece, 1, Plan::kTokens);
    if (sizes.corrected) known.add(shared.w, 1, Plan::kVector, shared.dx, Plan::kPiece, 1, Plan::kTokens);
    read.add_tile(known, -1);
    const float whole = gates.whole();
    const bool cut = sizes.truncate > 0 && block * sizes.block % sizes.truncate == 0;
    read.each([&](int row, int column, float& sum) {
      float& ds = shared.d_state[row * Plan::kPiece + column];
      ds = cut ? 0 : whole * ds + sum;
    });
    __syncthreads();
  }
  store_state<D>(back.d_state + of_state, shared.d_state, sizes, slice);
}

}  // namespace

void delta_rule_backward(const DeltaSizes& sizes, const DeltaArrays& in, const DeltaBackward& back, void* stream) {
  delta_prepare(sizes, in, back.states, back.scratch_x, back.scratch_w, back.scratch_inverse, stream);
  with_width(sizes, [&](auto width) {
    constexpr int D = decltype(width)::value;
    using Plan = DeltaPlan<D>;
    const auto heads = static_cast<unsigned>(sizes.heads);
    launch("back through the outputs of the delta rule", read_backward<D>,
           dim3(static_cast<unsigned>(sizes.blocks()), heads), Plan::kThreads, ReadMemory<D>(nullptr).pieces.bytes(),
           stream, sizes, in, back);
    launch("back through the states of the delta rule", scan_backward<D>,
           dim3(static_cast<unsigned>(sizes.value_width / Plan::kSlice), heads), Plan::kThreads,
           ScanMemory<D>(nullptr).pieces.bytes(), stream, sizes, in, back);
  });
  delta_inputs_backward(sizes, in, back, stream);
}

}  // namespace catena::training_kernels
