// The gated delta rule, recurrent in every form: sums are taken in one order whether one token is read or many.
#include "model/cuda/mixer_rows.h"

namespace catena::model::cuda {
namespace {

// A column of S belongs to four neighbouring threads, a quarter of its rows each.
constexpr int column_threads = 4;
constexpr int rule_threads = column_threads * widest_head;
constexpr int prepare_threads = 128;

/// A token's q and k of unit length, v, and the gates, of one head, in shared memory.
struct HeadInput {
  float qkv[3 * widest_head];
  float decay, importance;
};

/// Every thread of the block calls it, and all see the result.
__device__ void prepare(const DeltaMixer& mixer, const MixerScratch& scratch, const Place* place, int token, int head,
                        HeadInput& input) {
  __shared__ float scales[2];
  const int size = mixer.head_width, threads = static_cast<int>(blockDim.x), thread = static_cast<int>(threadIdx.x);
  for (int i = thread; i < 3 * size; i += threads) {
    const int channel = i / size * mixer.width + head * size + i % size;
    input.qkv[i] = convolved(mixer.convolution, scratch, place->numbers, 3 * mixer.width, token, channel);
  }
  __syncthreads();
  const float* gates = scratch.projected + static_cast<std::size_t>(token) * scratch.projected_stride + 4 * mixer.width;
  const int lane = thread % 32;
  for (int task = thread / 32; task < 4; task += threads / 32) {
    if (task < 2) {  // q, k
      float squares = 0;
      for (int i = lane; i < size; i += 32) squares += input.qkv[task * size + i] * input.qkv[task * size + i];
      squares = warp_sum(squares);
      if (lane == 0) scales[task] = 1.0F / sqrtf(squares + 1e-6F);
    } else if (task == 2) {
      float score = 0;
      const float* weights = mixer.importance + static_cast<std::size_t>(head) * mixer.gate_hidden;
      for (int i = lane; i < mixer.gate_hidden; i += 32) score += weights[i] * silu(gates[i]);
      score = warp_sum(score);
      if (lane == 0) {
        input.importance = mixer.gate_hidden == 0
                               ? 1.0F
                               : 1.0F / (1.0F + expf(-(score + mixer.importance_bias[head]) / place->temperature));
      }
    } else if (lane == 0) {
      const float z = gates[mixer.gate_hidden + head] + mixer.decay_bias[head];
      const float softplus = z > 20.0F ? z : log1pf(expf(z));
      input.decay = expf(-mixer.decay_rate[head] * softplus);
    }
  }
  __syncthreads();
  for (int i = thread; i < 2 * size; i += threads) input.qkv[i] *= scales[i / size];
  __syncthreads();
}

/// This thread's part of S: rows i * 4 + slice of column `column`.
template <int rows>
struct MemoryPart {
  float values[rows];
  int size, slice, column;
  float* memory;  // of the head

  __device__ MemoryPart(const DeltaMixer& mixer, const Place* place, int head)
      : size(mixer.head_width),
        slice(static_cast<int>(threadIdx.x) % column_threads),
        column(static_cast<int>(threadIdx.x) / column_threads),
        memory(place->numbers + mixer.memory + static_cast<std::size_t>(head) * size * size) {
#pragma unroll
    for (int i = 0; i < rows; ++i) values[i] = inside(i) ? memory[row(i) * size + column] : 0.0F;
  }
  __device__ int row(int i) const { return i * column_threads + slice; }
  __device__ bool inside(int i) const { return row(i) < size; }
  __device__ void write() const {
#pragma unroll
    for (int i = 0; i < rows; ++i)
      if (inside(i)) memory[row(i) * size + column] = values[i];
  }

  /// One token: S <- a S; S <- S + b k (v - S^T k)^T. Returns the column's (S^T q), to all four threads.
  __device__ float read(const float* qkv, float decay, float importance, float corrected) {
    const float* q = qkv;
    const float* k = qkv + size;
    float predicted = 0;
#pragma unroll
    for (int i = 0; i < rows; ++i) {
      values[i] *= decay;
      if (inside(i)) predicted += values[i] * k[row(i)];
    }
    predicted = column_sum(predicted);
    const float correction = (qkv[2 * size + column] - corrected * predicted) * importance;
    float out = 0;
#pragma unroll
    for (int i = 0; i < rows; ++i) {
      if (!inside(i)) continue;
      values[i] += correction * k[row(i)];
      out += values[i] * q[row(i)];
    }
    return column_sum(out);
  }
  __device__ static float column_sum(float value) {
    value += __shfl_xor_sync(whole_warp, value, 1);
    return value + __shfl_xor_sync(whole_warp, value, 2);
  }
};

/// rms(o) * weight * silu(g) of one token and head.
__device__ __forceinline__ float gated(const DeltaMixer& mixer, const MixerScratch& scratch, int token, int head,
                                       int column, float o, float scale) {
  const float g = scratch.projected[static_cast<std::size_t>(token) * scratch.projected_stride + 3 * mixer.width +
                                    head * mixer.head_width + column];
  return o * scale * mixer.out_norm[column] * silu(g);
}

template <int rows>
__global__ void __launch_bounds__(rule_threads)
    delta_step_kernel(DeltaMixer mixer, MixerScratch scratch, const Place* place) {
  __shared__ HeadInput input;
  __shared__ float parts[rule_threads / 32];
  const int head = static_cast<int>(blockIdx.x);
  if (place->count == 0) return;
  MemoryPart<rows> memory(mixer, place, head);  // on its way while q, k and v are made
  prepare(mixer, scratch, place, 0, head, input);
  keep_tail(mixer.convolution, scratch, place->numbers, mixer.width, head, mixer.head_width, 1);
  const float o = memory.read(input.qkv, input.decay, input.importance, mixer.corrected);
  memory.write();
  const float squares = block_sum(memory.slice == 0 ? o * o : 0.0F, parts);
  const float scale = 1.0F / sqrtf(squares / static_cast<float>(mixer.head_width) + mixer.eps);
  if (memory.slice == 0) {
    scratch.mixed[head * mixer.head_width + memory.column] = gated(mixer, scratch, 0, head, memory.column, o, scale);
  }
}

__global__ void __launch_bounds__(prepare_threads)
    delta_prepare_kernel(DeltaMixer mixer, MixerScratch scratch, const Place* place) {
  __shared__ HeadInput input;
  const int head = static_cast<int>(blockIdx.x), token = static_cast<int>(blockIdx.y);
  if (token >= place->count) return;
  prepare(mixer, scratch, place, token, head, input);
  const int size = mixer.head_width;
  float* out = scratch.qkv + static_cast<std::size_t>(token) * 3 * mixer.width + head * size;
  for (int i = static_cast<int>(threadIdx.x); i < 3 * size; i += prepare_threads)
    out[i / size * mixer.width + i % size] = input.qkv[i];
  if (threadIdx.x < 2) {
    scratch.gates[(static_cast<std::size_t>(token) * 2 + threadIdx.x) * mixer.heads + head] =
        threadIdx.x == 0 ? input.decay : input.importance;
  }
}

/// A head over all tokens. While a token is worked on the next one's numbers are on their way.
template <int rows>
__global__ void __launch_bounds__(rule_threads)
    delta_rule_kernel(DeltaMixer mixer, MixerScratch scratch, const Place* place) {
  __shared__ float inputs[2][3 * widest_head + 2];
  const int head = static_cast<int>(blockIdx.x), thread = static_cast<int>(threadIdx.x);
  const int count = place->count, size = mixer.head_width;
  keep_tail(mixer.convolution, scratch, place->numbers, mixer.width, head, size, count);
  // Thread i fetches number i of q, k, v, and the first two a gate as well.
  const auto fetch = [&](int token, float& number, float& gate) {
    if (token >= count) return;
    if (thread < 3 * size) {
      number = scratch.qkv[static_cast<std::size_t>(token) * 3 * mixer.width + thread / size * mixer.width +
                           head * size + thread % size];
    }
    if (thread < 2) gate = scratch.gates[(static_cast<std::size_t>(token) * 2 + thread) * mixer.heads + head];
  };
  const auto put = [&](int token, float number, float gate) {
    if (thread < 3 * size) inputs[token % 2][thread] = number;
    if (thread < 2) inputs[token % 2][3 * size + thread] = gate;
  };
  MemoryPart<rows> memory(mixer, place, head);
  float number = 0, gate = 0;
  fetch(0, number, gate);
  put(0, number, gate);
  for (int token = 0; token < count; ++token) {
    __syncthreads();
    fetch(token + 1, number, gate);
    const float* now = inputs[token % 2];
    const float o = memory.read(now, now[3 * size], now[3 * size + 1], mixer.corrected);
    if (memory.slice == 0)
      scratch.mixed[static_cast<std::size_t>(token) * mixer.width + head * size + memory.column] = o;
    put(token + 1, number, gate);
  }
  memory.write();
}

__global__ void __launch_bounds__(prepare_threads)
    delta_output_kernel(DeltaMixer mixer, MixerScratch scratch, const Place* place) {
  __shared__ float parts[prepare_threads / 32];
  const int head = static_cast<int>(blockIdx.x), token = static_cast<int>(blockIdx.y), size = mixer.head_width;
  if (token >= place->count) return;
  const int column = static_cast<int>(threadIdx.x);
  float* mixed = scratch.mixed + static_cast<std::size_t>(token) * mixer.width + head * size;
  const float o = column < size ? mixed[column] : 0.0F;
  const float scale = 1.0F / sqrtf(block_sum(o * o, parts) / static_cast<float>(size) + mixer.eps);
  if (column < size) mixed[column] = gated(mixer, scratch, token, head, column, o, scale);
}

static_assert(prepare_threads >= widest_head);

}  // namespace

void delta_mixer(cudaStream_t stream, int tokens, const DeltaMixer& mixer, const MixerScratch& scratch,
                 const Place* place) {
  const auto heads = static_cast<unsigned>(mixer.heads);
  const auto threads = static_cast<unsigned>(column_threads * mixer.head_width);
  const bool narrow = mixer.head_width <= 64;
  if (tokens == 1) {
    launch(stream, heads, threads, narrow ? delta_step_kernel<16> : delta_step_kernel<32>, mixer, scratch, place);
    return;
  }
  const dim3 each(heads, static_cast<unsigned>(tokens));
  launch(stream, each, prepare_threads, delta_prepare_kernel, mixer, scratch, place);
  launch(stream, heads, threads, narrow ? delta_rule_kernel<16> : delta_rule_kernel<32>, mixer, scratch, place);
  launch(stream, each, prepare_threads, delta_output_kernel, mixer, scratch, place);
}

}  // namespace catena::model::cuda
