// Softmax attention over the running chunk: a block for each token and head.
#include "model/cuda/mixer_rows.h"

namespace catena::model::cuda {
namespace {

constexpr int attention_threads = 128;
constexpr int key_lanes = 4;  // threads that share a key's product

__device__ __forceinline__ float* keys_of(const LocalMixer& mixer, const Place* place) {
  const std::size_t rows = static_cast<std::size_t>(place->chunk_length) * mixer.width;
  return place->numbers + mixer.running + static_cast<std::size_t>(mixer.index) * 2 * rows;
}
__device__ __forceinline__ float* values_of(const LocalMixer& mixer, const Place* place) {
  return keys_of(mixer, place) + static_cast<std::size_t>(place->chunk_length) * mixer.width;
}

/// Rotates q and k of one token and head; k and v enter the state, q goes to `query`. Every thread calls it.
__device__ void rotate_and_keep(const LocalMixer& mixer, const MixerScratch& scratch, const Place* place, int token,
                                int head, float* query) {
  const int size = mixer.head_width, half = size / 2;
  const std::size_t position = static_cast<std::size_t>(place->position + token);
  float* key = keys_of(mixer, place) + position * mixer.width + head * size;
  float* value = values_of(mixer, place) + position * mixer.width + head * size;
  const auto input = [&](int part, int column) {
    return convolved(mixer.convolution, scratch, place->numbers, 3 * mixer.width, token,
                     part * mixer.width + head * size + column);
  };
  for (int i = static_cast<int>(threadIdx.x); i < 2 * size; i += attention_threads) {
    const int part = i / half, j = i % half;  // parts: q, k, both halves of v
    if (part >= 2) {
      value[i - size] = input(2, i - size);
      continue;
    }
    const float cosine = mixer.cosine[position * half + j], sine = mixer.sine[position * half + j];
    const float a = input(part, j), b = input(part, j + half);
    float* out = part == 0 ? query : key;
    out[j] = a * cosine - b * sine;
    out[j + half] = a * sine + b * cosine;
  }
}

/// softmax(q k^T / sqrt(D)) v over the chunk's first `count` tokens, of one head. `query` is shared memory, filled.
__device__ void attend(const LocalMixer& mixer, const Place* place, int head, int count, const float* query,
                       float* out) {
  __shared__ float scores[longest_chunk];
  __shared__ float partial[attention_threads];
  __shared__ float parts[attention_threads / 32];
  const int size = mixer.head_width, thread = static_cast<int>(threadIdx.x), lane = thread % 32;
  const float* keys = keys_of(mixer, place) + head * size;
  const float* values = values_of(mixer, place) + head * size;
  const float scale = 1.0F / sqrtf(static_cast<float>(size));
  constexpr int keys_a_warp = 32 / key_lanes;

  float largest = -INFINITY;
  for (int start = thread / 32 * keys_a_warp; start < count; start += attention_threads / key_lanes) {
    const int key = start + lane / key_lanes;
    float product = 0;
    if (key < count) {
      for (int i = lane % key_lanes * 4; i < size; i += 4 * key_lanes) {
        const float4 k = *reinterpret_cast<const float4*>(keys + static_cast<std::size_t>(key) * mixer.width + i);
        product += k.x * query[i] + k.y * query[i + 1] + k.z * query[i + 2] + k.w * query[i + 3];
      }
    }
    product += __shfl_xor_sync(whole_warp, product, 1);
    product += __shfl_xor_sync(whole_warp, product, 2);
    if (key >= count) continue;
    if (lane % key_lanes == 0) scores[key] = product * scale;
    largest = fmaxf(largest, product * scale);
  }
  largest = block_max(largest, parts);
  float total = 0;
  for (int i = thread; i < count; i += attention_threads) {
    const float weight = expf(scores[i] - largest);
    scores[i] = weight;
    total += weight;
  }
  total = block_sum(total, parts);

  const int slices = attention_threads / size, slice = thread / size, column = thread % size;
  float sum = 0;
  if (slice < slices) {
    for (int i = slice; i < count; i += slices)
      sum += scores[i] * values[static_cast<std::size_t>(i) * mixer.width + column];
  }
  partial[thread] = sum;
  __syncthreads();
  if (slice > 0) return;
  for (int i = 1; i < slices; ++i) sum += partial[i * size + column];
  out[column] = sum / total;
}

__global__ void __launch_bounds__(attention_threads)
    attention_step_kernel(LocalMixer mixer, MixerScratch scratch, const Place* place) {
  __shared__ __align__(16) float query[widest_head];
  const int head = static_cast<int>(blockIdx.x);
  if (place->count == 0) return;
  rotate_and_keep(mixer, scratch, place, 0, head, query);
  __syncthreads();
  keep_tail(mixer.convolution, scratch, place->numbers, mixer.width, head, mixer.head_width, 1);
  attend(mixer, place, head, place->position + 1, query, scratch.mixed + head * mixer.head_width);
}

__global__ void __launch_bounds__(attention_threads)
    attention_prepare_kernel(LocalMixer mixer, MixerScratch scratch, const Place* place) {
  const int head = static_cast<int>(blockIdx.x), token = static_cast<int>(blockIdx.y);
  if (token >= place->count) return;
  rotate_and_keep(mixer, scratch, place, token, head,
                  scratch.qkv + static_cast<std::size_t>(token) * 3 * mixer.width + head * mixer.head_width);
}

__global__ void __launch_bounds__(attention_threads)
    attention_kernel(LocalMixer mixer, MixerScratch scratch, const Place* place) {
  __shared__ __align__(16) float query[widest_head];
  const int head = static_cast<int>(blockIdx.x), token = static_cast<int>(blockIdx.y), size = mixer.head_width;
  const int count = place->count;
  if (token >= count) return;
  if (token == 0) keep_tail(mixer.convolution, scratch, place->numbers, mixer.width, head, size, count);
  const float* from = scratch.qkv + static_cast<std::size_t>(token) * 3 * mixer.width + head * size;
  for (int i = static_cast<int>(threadIdx.x); i < size; i += attention_threads) query[i] = from[i];
  __syncthreads();
  attend(mixer, place, head, place->position + token + 1, query,
         scratch.mixed + static_cast<std::size_t>(token) * mixer.width + head * size);
}

/// Queries of another layer over this one's keys and values.
__global__ void __launch_bounds__(attention_threads)
    shared_attention_kernel(LocalMixer below, int column, MixerScratch scratch, const Place* place) {
  __shared__ __align__(16) float query[widest_head];
  const int head = static_cast<int>(blockIdx.x), token = static_cast<int>(blockIdx.y), size = below.head_width;
  if (token >= place->count) return;
  const int half = size / 2;
  const std::size_t angles = static_cast<std::size_t>(place->position + token) * half;
  const float* from =
      scratch.projected + static_cast<std::size_t>(token) * scratch.projected_stride + column + head * size;
  for (int j = static_cast<int>(threadIdx.x); j < half; j += attention_threads) {
    const float cosine = below.cosine[angles + j], sine = below.sine[angles + j];
    query[j] = from[j] * cosine - from[j + half] * sine;
    query[j + half] = from[j] * sine + from[j + half] * cosine;
  }
  __syncthreads();
  attend(below, place, head, place->position + token + 1, query,
         scratch.mixed + static_cast<std::size_t>(token) * below.width + head * size);
}

}  // namespace

void shared_mixer(cudaStream_t stream, int tokens, const LocalMixer& below, int query, const MixerScratch& scratch,
                  const Place* place) {
  const dim3 each(static_cast<unsigned>(below.heads), static_cast<unsigned>(tokens));
  launch(stream, each, attention_threads, shared_attention_kernel, below, query, scratch, place);
}

void local_mixer(cudaStream_t stream, int tokens, const LocalMixer& mixer, const MixerScratch& scratch,
                 const Place* place) {
  const auto heads = static_cast<unsigned>(mixer.heads);
  if (tokens == 1) {
    launch(stream, heads, attention_threads, attention_step_kernel, mixer, scratch, place);
    return;
  }
  const dim3 each(heads, static_cast<unsigned>(tokens));
  launch(stream, each, attention_threads, attention_prepare_kernel, mixer, scratch, place);
  launch(stream, each, attention_threads, attention_kernel, mixer, scratch, place);
}

}  // namespace catena::model::cuda
