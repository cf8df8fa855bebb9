#include "model/tracker/cuda/delta_backward.cuh"

namespace catena::training_kernels {
namespace {

template <int D>
struct InputsMemory {
  using Plan = DeltaPlan<D>;
  __host__ __device__ explicit InputsMemory(float* memory) : pieces(memory) {
    k = pieces.take(Plan::kTokens * Plan::kVector);
    inverse = pieces.take(Plan::kTokens * Plan::kSquare);
    correction = pieces.take(Plan::kTokens * Plan::kSquare);
    x = pieces.take(Plan::kTokens * Plan::kPiece);
    y = pieces.take(Plan::kTokens * Plan::kPiece);
    dx = pieces.take(Plan::kTokens * Plan::kPiece);
    state = pieces.take(D * Plan::kPiece);
    d_state = pieces.take(D * Plan::kPiece);
  }
  SharedFloats pieces;
  float *k, *x, *y, *dx, *state, *d_state;
  float* inverse;     ///< (I + L)^-1, at the end d(k k^T)
  float* correction;  ///< dL k k^T decay
};

/// Sums over the block's tokens, collected pass by pass.
template <int D>
struct TokenSums {
  float d_b[DeltaPlan<D>::kTokens];
  float d_start[DeltaPlan<D>::kTokens], d_end[DeltaPlan<D>::kTokens];  ///< of log from_start and log to_end
  float d_g[DeltaPlan<D>::kTokens];
  float warps[DeltaPlan<D>::kThreads / 32];
};

template <int D>
__global__ void inputs_backward(DeltaSizes sizes, DeltaArrays in, DeltaBackward back) {
  using Plan = DeltaPlan<D>;
  const InputsMemory<D> shared(reinterpret_cast<float*>(dynamic_shared_memory()));
  __shared__ Gates<D> gates;
  __shared__ TokenSums<D> sums;
  const DeltaPlace place(sizes, blockIdx.y, blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x);
  gates.load(in, place);
  load_vectors<D>(shared.k, in.k, place, nullptr);
  if (sizes.corrected) {
    const float* own =
        back.scratch_inverse + (place.head * sizes.blocks() + place.block) * Plan::kTokens * Plan::kTokens;
    load_matrix<Plan::kTokens, Plan::kTokens, Plan::kThreads>(shared.inverse, Plan::kSquare, own, Plan::kTokens,
                                                              Plan::kTokens);
  }
  if (thread < Plan::kTokens) sums.d_b[thread] = sums.d_start[thread] = 0;

  typename Plan::Vectors asked, written;  // Y S^T and x dS'^T
  typename Plan::Square d_lower;          // Y x^T
  float d_whole = 0;                      // this thread's part of the sum of dS' S
  for (int slice = 0; slice < sizes.value_width; slice += Plan::kSlice) {
    __syncthreads();
    load_piece<D>(shared.x, back.scratch_x, sizes, place, slice);
    load_piece<D>(shared.dx, back.scratch_dx, sizes, place, slice);
    load_state<D>(shared.state, back.states + place.state, sizes, slice);
    load_state<D>(shared.d_state, back.scratch_states + place.state, sizes, slice);
    __syncthreads();
    typename Plan::Piece y;
    if (sizes.corrected) {
      y.add(shared.inverse, 1, Plan::kSquare, shared.dx, Plan::kPiece, 1, Plan::kTokens);
    } else {
      y.each([&](int row, int column, float& sum) { sum = shared.dx[row * Plan::kPiece + column]; });
    }
    y.store(shared.y, Plan::kPiece);
    const std::int64_t first = place.row * sizes.value_width + slice;
    const auto value = [&](int row, int column) {
      return row < place.tokens ? in.v[first + row * sizes.value_width + column] : 0;
    };
    y.row_sums([&](int row, int column, float sum) { return sum * value(row, column); },
               [&](int row, float sum) { sums.d_b[row] += sum; });
    y.each([&](int row, int column, float& sum) {
      if (row < place.tokens) back.dv[first + row * sizes.value_width + column] = gates.b[row] * sum;
    });
    for (int i = thread; i < D * Plan::kSlice; i += Plan::kThreads) {
      const int at = i / Plan::kSlice * Plan::kPiece + i % Plan::kSlice;
      d_whole += shared.state[at] * shared.d_state[at];
    }
    __syncthreads();
    written.add_nt(shared.x, Plan::kPiece, shared.d_state, Plan::kPiece, Plan::kSlice);
    if (sizes.corrected) {
      asked.add_nt(shared.y, Plan::kPiece, shared.state, Plan::kPiece, Plan::kSlice);
      d_lower.add_nt(shared.y, Plan::kPiece, shared.x, Plan::kPiece, Plan::kSlice);
    }
  }
  __syncthreads();

  for (int lanes = 16; lanes > 0; lanes /= 2) d_whole += __shfl_xor_sync(0xffffffffU, d_whole, lanes);
  if (thread % 32 == 0) sums.warps[thread / 32] = d_whole;
  const auto key = [&](int row, int column) { return shared.k[row * Plan::kVector + column]; };
  written.each([&](int row, int, float& sum) { sum *= gates.to_end[row]; });
  written.row_sums(
      [&](int row, int column, float sum) { return sum * key(row, column); },
      [&](int row, float sum) { sums.d_end[row] = row >= place.tokens - 1 ? 0 : sum; });  // the last token's own is 1
  if (sizes.corrected) {
    asked.each([&](int row, int, float& sum) { sum *= -gates.from_start[row]; });
    asked.row_sums([&](int row, int column, float sum) { return sum * key(row, column); },
                   [&](int row, float sum) {
                     sums.d_b[row] += sum;
                     sums.d_start[row] = gates.b[row] * sum;
                   });
    typename Plan::Square products;
    products.add_nt(shared.k, Plan::kVector, shared.k, Plan::kVector, D);
    products.each([&](int i, int j, float& product) {
      shared.correction[i * Plan::kSquare + j] = i > j ? -product * gates.decay(i, j) : 0;
    });
    // Both squares have the same sums in the same threads.
    d_lower.each([&](int i, int j, float& sum) {
      shared.correction[i * Plan::kSquare + j] *= sum;
      shared.inverse[i * Plan::kSquare + j] = i > j ? -sum * gates.b[i] * gates.decay(i, j) : 0;
    });
  }
  __syncthreads();

  if (sizes.corrected) {
    asked.each([&](int row, int, float& sum) { sum *= gates.b[row]; });
    asked.add_nn(shared.inverse, Plan::kSquare, shared.k, Plan::kVector, Plan::kTokens);
    asked.add(shared.inverse, 1, Plan::kSquare, shared.k, Plan::kVector, 1, Plan::kTokens);
  }
  written.add_tile(asked, 1);
  written.each([&](int row, int column, float& sum) {
    if (row < place.tokens) back.dk[(place.row + row) * D + column] += sum;
  });

  if (thread < Plan::kTokens) {
    float d_b = sums.d_b[thread], d_g = sums.d_start[thread] - sums.d_end[thread];
    if (thread < place.tokens) d_g += back.d_log_a[place.row + thread];
    if (sizes.corrected) {
      float down = 0, across = 0;
      for (int i = 0; i < Plan::kTokens; ++i) {
        across += shared.correction[thread * Plan::kSquare + i];
        down += gates.b[i] * shared.correction[i * Plan::kSquare + thread];
      }
      d_b += across;
      d_g += gates.b[thread] * across - down;
    }
    if (thread == Plan::kTokens - 1) {  // g of the last is in to_end of all, and in the whole block's decay
      for (int i = 0; i < Plan::kTokens; ++i) d_g += sums.d_end[i];
      for (const float part : sums.warps) d_g += part * gates.whole();
    }
    sums.d_g[thread] = d_g;
    if (thread < place.tokens) back.db[place.row + thread] = d_b;
  }
  __syncthreads();
  if (thread < place.tokens) {  // g is the sum of log a up to its token
    float sum = 0;
    for (int i = thread; i < Plan::kTokens; ++i) sum += sums.d_g[i];
    back.d_log_a[place.row + thread] = sum;
  }
}

}  // namespace

void delta_inputs_backward(const DeltaSizes& sizes, const DeltaArrays& in, const DeltaBackward& back, void* stream) {
  with_width(sizes, [&](auto width) {
    constexpr int D = decltype(width)::value;
    launch("back through the inputs of the delta rule", inputs_backward<D>,
           dim3(static_cast<unsigned>(sizes.blocks()), static_cast<unsigned>(sizes.heads)), DeltaPlan<D>::kThreads,
           InputsMemory<D>(nullptr).pieces.bytes(), stream, sizes, in, back);
  });
}

}  // namespace catena::training_kernels
