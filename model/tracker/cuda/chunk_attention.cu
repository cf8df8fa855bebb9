#include "model/tracker/cuda/attention_tiles.cuh"

namespace catena::training_kernels {
namespace {

template <typename T, int D>
struct ForwardMemory {
  using Plan = AttentionPlan<T, D>;
  __host__ __device__ explicit ForwardMemory(unsigned char* memory) : pieces(memory) {
    q = pieces.take<T>(Plan::kRows * Plan::kVector);
    k = pieces.take<T>(Plan::kColumns * Plan::kVector);
    v = pieces.take<T>(Plan::kColumns * Plan::kVector);
    scores = pieces.take<float>(Plan::kRows * Plan::kScore);
    weights = pieces.take<T>(Plan::kRows * Plan::kWeight);
    factors = pieces.take<float>(Plan::kRows);
  }
  SharedPieces pieces;
  T *q, *k, *v, *weights;
  float *scores, *factors;
};

/// kRows queries over the keys of their chunk.
template <typename T, int D>
__global__ void attend(ChunkAttention a, HeadVectors out) {
  using Plan = AttentionPlan<T, D>;
  const ForwardMemory<T, D> shared(dynamic_shared_memory());
  const ChunkPlace<Plan::kRows> place(a);
  if (place.first >= place.length) return;
  const int lane = static_cast<int>(threadIdx.x) % 32, row = static_cast<int>(threadIdx.x) / 2, side = lane % 2;
  const int query = place.first + row;  // two neighbours share a row in the softmax: even and odd columns
  const float scale = kLog2e * rsqrtf(static_cast<float>(D));

  load_rows<T, D, Plan::kRows, Plan::kThreads>(shared.q, place.template in<const T>(a.q), a.q.token_stride, place.first,
                                               place.length, a, true);
  typename Plan::template Tile<D> sums;
  sums.learn_rows(shared.scores + static_cast<int>(threadIdx.x) / 32 * 16 * Plan::kScore);
  float highest = -INFINITY, total = 0;  // of the row: largest score (times log2 e) and sum of the weights so far

  const int end = a.causal ? least(place.length, place.first + Plan::kRows) : place.length;
  for (int key = 0; key < end; key += Plan::kColumns) {
    __syncthreads();
    load_rows<T, D, Plan::kColumns, Plan::kThreads>(shared.k, place.template in<const T>(a.k), a.k.token_stride, key,
                                                    place.length, a, true);
    load_rows<T, D, Plan::kColumns, Plan::kThreads>(shared.v, place.template in<const T>(a.v), a.v.token_stride, key,
                                                    place.length, a, false);
    __syncthreads();
    {
      typename Plan::template Tile<Plan::kColumns> scores;
      scores.add_nt(shared.q, Plan::kVector, shared.k, Plan::kVector, D);
      scores.store(shared.scores, Plan::kScore);
    }
    __syncwarp();

    const int seen =
        least(place.length, a.causal ? query + 1 : place.length) - key;  // columns that this row may look at
    const float* own = shared.scores + row * Plan::kScore;
    float peak = highest;
    for (int c = side; c < Plan::kColumns; c += 2) {
      if (c < seen) peak = fmaxf(peak, own[c] * scale);
    }
    peak = fmaxf(peak, __shfl_xor_sync(0xffffffffU, peak, 1));
    float sum = 0;
    for (int c = side; c < Plan::kColumns; c += 2) {
      const float weight = c < seen ? exp2f(own[c] * scale - peak) : 0;
      sum += weight;
      shared.weights[row * Plan::kWeight + c] = from_float<T>(weight);
    }
    sum += __shfl_xor_sync(0xffffffffU, sum, 1);
    const float factor = exp2f(highest - peak);  // 0 for the first keys
    total = total * factor + sum;
    highest = peak;
    if (side == 0) shared.factors[row] = factor;
    __syncwarp();
    sums.scale_rows(shared.factors);
    sums.add_nn(shared.weights, Plan::kWeight, shared.v, Plan::kVector, Plan::kColumns);
    __syncwarp();
  }
  if (side == 0) {
    shared.factors[row] = 1 / total;
    if (query < place.length) a.log_sum_exp[place.statistics + query] = (highest + log2f(total)) * kLn2;
  }
  __syncwarp();
  sums.scale_rows(shared.factors);
  write_rows<T, D>(sums, reinterpret_cast<float*>(shared.q), place.template in<T>(out), out.token_stride, place.first,
                   place.length, a, false);
}

template <typename T, int D>
int forward_bytes() {
  using Plan = AttentionPlan<T, D>;
  SharedPieces sums(nullptr);
  sums.take<float>(Plan::kRows * Plan::kSum);
  const int bytes = ForwardMemory<T, D>(nullptr).pieces.used();
  return bytes > sums.used() ? bytes : sums.used();
}

}  // namespace

bool attention_takes(int head_width) { return head_width == 32 || head_width == 64 || head_width == 128; }

void chunk_attention_forward(const ChunkAttention& attention, const HeadVectors& out, void* stream) {
  with_types(attention, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int D = decltype(width)::value;
    using Plan = AttentionPlan<T, D>;
    launch("chunk attention", attend<T, D>, attention_grid<Plan::kRows>(attention), Plan::kThreads,
           forward_bytes<T, D>(), stream, attention, out);
  });
}

}  // namespace catena::training_kernels
