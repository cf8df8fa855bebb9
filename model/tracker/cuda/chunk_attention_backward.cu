#include "model/tracker/cuda/attention_tiles.cuh"

namespace catena::training_kernels {
namespace {

/// Shared memory of both passes: a block's own rows of two kinds, the passing rows of two kinds, the squares between
/// them.
template <typename T, int D>
struct BackwardMemory {
  using Plan = AttentionPlan<T, D>;
  __host__ __device__ explicit BackwardMemory(unsigned char* memory) : pieces(memory) {
    own = pieces.take<T>(Plan::kRows * Plan::kVector);
    own_other = pieces.take<T>(Plan::kRows * Plan::kVector);
    passing = pieces.take<T>(Plan::kColumns * Plan::kVector);
    passing_other = pieces.take<T>(Plan::kColumns * Plan::kVector);
    scores = pieces.take<float>(Plan::kRows * Plan::kScore);
    d_weights = pieces.take<float>(Plan::kRows * Plan::kScore);
    weights = pieces.take<T>(Plan::kRows * Plan::kWeight);
    d_scores = pieces.take<T>(Plan::kRows * Plan::kWeight);
    log_sum_exp = pieces.take<float>(Plan::kRows);
    share = pieces.take<float>(Plan::kRows);
  }
  SharedPieces pieces;
  T *own, *own_other, *passing, *passing_other, *weights, *d_scores;
  float *scores, *d_weights;
  float *log_sum_exp, *share;  ///< of the queries at hand (kColumns <= kRows); share: sum of out * d_out
};

/// Scores and gradients of the weights of a warp's own 16 rows -> weights and gradients of the scores.
/// f(row, column) -> {is it seen, the query's place among log_sum_exp and share}.
template <typename T, int D, typename F>
__device__ void differentiate_softmax(const BackwardMemory<T, D>& shared, bool keep_weights, const F& f) {
  using Plan = AttentionPlan<T, D>;
  const float scale = rsqrtf(static_cast<float>(D));
  const int row = static_cast<int>(threadIdx.x) / 2;
  for (int c = static_cast<int>(threadIdx.x) % 2; c < Plan::kColumns; c += 2) {
    const auto [seen, query] = f(row, c);
    const float score = shared.scores[row * Plan::kScore + c] * scale;
    const float weight = seen ? exp2f((score - shared.log_sum_exp[query]) * kLog2e) : 0;
    const float d_score = weight * (shared.d_weights[row * Plan::kScore + c] - shared.share[query]) * scale;
    if (keep_weights) shared.weights[row * Plan::kWeight + c] = from_float<T>(weight);
    shared.d_scores[row * Plan::kWeight + c] = from_float<T>(d_score);
  }
}

struct Seen {
  bool seen;
  int query;
};

/// A warp's own rows of both kinds times the passing rows: scores, and gradients of the weights.
template <typename T, int D>
__device__ void multiply_rows(const BackwardMemory<T, D>& shared) {
  using Plan = AttentionPlan<T, D>;
  typename Plan::template Tile<Plan::kColumns> square;
  square.add_nt(shared.own, Plan::kVector, shared.passing, Plan::kVector, D);
  square.store(shared.scores, Plan::kScore);
  square.zero();
  square.add_nt(shared.own_other, Plan::kVector, shared.passing_other, Plan::kVector, D);
  square.store(shared.d_weights, Plan::kScore);
  __syncwarp();
}

/// Gradients of kRows queries, over the keys of their chunk; leaves `share` for the other pass.
template <typename T, int D>
__global__ void queries_backward(ChunkAttention a, AttentionGradients g) {
  using Plan = AttentionPlan<T, D>;
  const BackwardMemory<T, D> shared(dynamic_shared_memory());
  const ChunkPlace<Plan::kRows> place(a);
  if (place.first >= place.length) return;
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;

  load_rows<T, D, Plan::kRows, Plan::kThreads>(shared.own, place.template in<const T>(a.q), a.q.token_stride,
                                               place.first, place.length, a, true);
  load_rows<T, D, Plan::kRows, Plan::kThreads>(shared.own_other, place.template in<const T>(g.d_out),
                                               g.d_out.token_stride, place.first, place.length, a, false);
  __syncthreads();
  const T* out = place.template in<const T>(g.out);
  for (int row = 16 * warp; row < 16 * warp + 16; ++row) {
    const int query = place.first + row;
    float sum = 0;
    if (query < place.length) {
      for (int j = lane; j < D; j += 32)
        sum += to_float(out[query * g.out.token_stride + j]) * to_float(shared.own_other[row * Plan::kVector + j]);
    }
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, lanes);
    if (lane != 0) continue;
    shared.share[row] = sum;
    shared.log_sum_exp[row] = query < place.length ? a.log_sum_exp[place.statistics + query] : 0;
    if (query < place.length) g.scratch[place.statistics + query] = sum;
  }

  typename Plan::template Tile<D> dq;
  const int end = a.causal ? least(place.length, place.first + Plan::kRows) : place.length;
  for (int key = 0; key < end; key += Plan::kColumns) {
    __syncthreads();
    load_rows<T, D, Plan::kColumns, Plan::kThreads>(shared.passing, place.template in<const T>(a.k), a.k.token_stride,
                                                    key, place.length, a, true);
    load_rows<T, D, Plan::kColumns, Plan::kThreads>(shared.passing_other, place.template in<const T>(a.v),
                                                    a.v.token_stride, key, place.length, a, false);
    __syncthreads();
    multiply_rows<T, D>(shared);
    differentiate_softmax<T, D>(shared, false, [&](int row, int column) {
      const int query = place.first + row, at = key + column;
      return Seen{query < place.length && at < place.length && (!a.causal || at <= query), row};
    });
    __syncwarp();
    dq.add_nn(shared.d_scores, Plan::kWeight, shared.passing, Plan::kVector, Plan::kColumns);
  }
  write_rows<T, D>(dq, reinterpret_cast<float*>(shared.own), place.template in<T>(g.dq), g.dq.token_stride, place.first,
                   place.length, a, true);
}

/// Gradients of kRows keys and values, over the queries of their chunk that look at them.
template <typename T, int D>
__global__ void keys_backward(ChunkAttention a, AttentionGradients g) {
  using Plan = AttentionPlan<T, D>;
  const BackwardMemory<T, D> shared(dynamic_shared_memory());
  const ChunkPlace<Plan::kRows> place(a);
  if (place.first >= place.length) return;

  load_rows<T, D, Plan::kRows, Plan::kThreads>(shared.own, place.template in<const T>(a.k), a.k.token_stride,
                                               place.first, place.length, a, true);
  load_rows<T, D, Plan::kRows, Plan::kThreads>(shared.own_other, place.template in<const T>(a.v), a.v.token_stride,
                                               place.first, place.length, a, false);
  typename Plan::template Tile<D> dk, dv;
  for (int query = a.causal ? place.first : 0; query < place.length; query += Plan::kColumns) {
    __syncthreads();
    load_rows<T, D, Plan::kColumns, Plan::kThreads>(shared.passing, place.template in<const T>(a.q), a.q.token_stride,
                                                    query, place.length, a, true);
    load_rows<T, D, Plan::kColumns, Plan::kThreads>(shared.passing_other, place.template in<const T>(g.d_out),
                                                    g.d_out.token_stride, query, place.length, a, false);
    for (int i = static_cast<int>(threadIdx.x); i < Plan::kColumns; i += Plan::kThreads) {
      const bool inside = query + i < place.length;
      shared.log_sum_exp[i] = inside ? a.log_sum_exp[place.statistics + query + i] : 0;
      shared.share[i] = inside ? g.scratch[place.statistics + query + i] : 0;
    }
    __syncthreads();
    multiply_rows<T, D>(shared);  // transposed: keys down, queries across
    differentiate_softmax<T, D>(shared, true, [&](int row, int column) {
      const int key = place.first + row, at = query + column;
      return Seen{key < place.length && at < place.length && (!a.causal || key <= at), column};
    });
    __syncwarp();
    dv.add_nn(shared.weights, Plan::kWeight, shared.passing_other, Plan::kVector, Plan::kColumns);
    dk.add_nn(shared.d_scores, Plan::kWeight, shared.passing, Plan::kVector, Plan::kColumns);
  }
  float* sums = reinterpret_cast<float*>(shared.own);
  write_rows<T, D>(dk, sums, place.template in<T>(g.dk), g.dk.token_stride, place.first, place.length, a, true);
  write_rows<T, D>(dv, sums, place.template in<T>(g.dv), g.dv.token_stride, place.first, place.length, a, false);
}

}  // namespace

void chunk_attention_backward(const ChunkAttention& attention, const AttentionGradients& gradients, void* stream) {
  with_types(attention, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int D = decltype(width)::value;
    using Plan = AttentionPlan<T, D>;
    const dim3 grid = attention_grid<Plan::kRows>(attention);
    const int bytes = BackwardMemory<T, D>(nullptr).pieces.used();  // more than the sums take on their way out
    launch("gradients of queries", queries_backward<T, D>, grid, Plan::kThreads, bytes, stream, attention, gradients);
    launch("gradients of keys and values", keys_backward<T, D>, grid, Plan::kThreads, bytes, stream, attention,
           gradients);
  });
}

}  // namespace catena::training_kernels
