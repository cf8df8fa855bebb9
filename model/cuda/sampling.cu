// From logits to likelihoods, and to the next token.
#include "model/cuda/kernels.h"
#include "model/cuda/warp.h"

namespace catena::model::cuda {
namespace {

constexpr int threads = 256;

__global__ void __launch_bounds__(threads)
    score_kernel(const float* logits, int vocab, int first, float* nll, const Place* place) {
  __shared__ float parts[threads / 32];
  const int token = first + static_cast<int>(blockIdx.x);
  if (token >= place->count) return;
  logits += static_cast<std::size_t>(blockIdx.x) * vocab;
  float largest = -INFINITY;
  for (int i = static_cast<int>(threadIdx.x); i < vocab; i += threads) largest = fmaxf(largest, logits[i]);
  largest = block_max(largest, parts);
  float total = 0;
  for (int i = static_cast<int>(threadIdx.x); i < vocab; i += threads) total += expf(logits[i] - largest);
  total = block_sum(total, parts);
  if (threadIdx.x == 0) nll[token] = largest + logf(total) - logits[place->tokens[token]];
}

/// SplitMix64's last step: a good hash of a counter. Uniform in (0, 1).
__device__ float uniform(std::uint64_t seed, std::uint64_t counter) {
  std::uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  return (static_cast<float>(z >> 40) + 0.5F) * 0x1p-24F;
}

/// The place of the largest value over the block, the first of equals, to thread 0.
__device__ int block_argmax(float value, int index) {
  __shared__ float values[threads / 32];
  __shared__ int indices[threads / 32];
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    const float other = __shfl_xor_sync(whole_warp, value, lanes);
    const int place = __shfl_xor_sync(whole_warp, index, lanes);
    if (other > value || (other == value && place < index)) value = other, index = place;
  }
  if (threadIdx.x % 32 == 0) values[threadIdx.x / 32] = value, indices[threadIdx.x / 32] = index;
  __syncthreads();
  for (int i = 1; threadIdx.x == 0 && i < threads / 32; ++i) {
    if (values[i] > value || (values[i] == value && indices[i] < index)) value = values[i], index = indices[i];
  }
  return index;
}

/// The smallest weight exp((logit - largest) / temperature) that is still drawn from: the heaviest tokens above it hold
/// top_p of all weight. By bisection: each pass over the vocabulary settles another bit.
__device__ float lightest_kept(const float* logits, int vocab, float largest, const Draw& draw, float* parts) {
  const auto weight_from = [&](float lightest) {
    float sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < vocab; i += threads) {
      const float weight = expf((logits[i] - largest) / draw.temperature);
      if (weight >= lightest) sum += weight;
    }
    return block_sum(sum, parts);
  };
  const float wanted = draw.top_p * weight_from(0);
  float low = 0, high = 1;  // enough weight is at or above low
  if (weight_from(high) >= wanted) return high;
  for (int i = 0; i < 24; ++i) {
    const float middle = (low + high) / 2;
    (weight_from(middle) >= wanted ? low : high) = middle;
  }
  return low;
}

__global__ void __launch_bounds__(threads)
    choose_token_kernel(const float* logits, int vocab, Draw* draw, int* chosen, Place* place) {
  __shared__ float parts[threads / 32];
  const Draw now = *draw;
  float largest = -INFINITY;
  for (int i = static_cast<int>(threadIdx.x); i < vocab; i += threads) largest = fmaxf(largest, logits[i]);
  largest = block_max(largest, parts);
  const bool drawn = now.temperature > 0;
  const float lightest = drawn && now.top_p < 1 ? lightest_kept(logits, vocab, largest, now, parts) : 0.0F;
  float best = -INFINITY;
  int index = vocab;
  for (int i = static_cast<int>(threadIdx.x); i < vocab; i += threads) {
    float value = logits[i];
    if (drawn) {
      const float scaled = (logits[i] - largest) / now.temperature;
      if (expf(scaled) < lightest) continue;
      const std::uint64_t counter = static_cast<std::uint64_t>(now.drawn) * static_cast<std::uint64_t>(vocab) + i;
      value = scaled - logf(-logf(uniform(now.seed, counter)));
    }
    if (value > best) best = value, index = i;
  }
  index = block_argmax(best, index);
  if (threadIdx.x != 0) return;
  if (index >= vocab) index = 0;  // no logit is a number: the scores say so, and the loop goes on
  place->tokens[0] = index;
  place->count = 1;
  chosen[now.drawn] = index;
  draw->drawn = now.drawn + 1;
}

__global__ void set_draw_kernel(Draw value, Draw* draw) { *draw = value; }

}  // namespace

void set_draw(cudaStream_t stream, const Draw& value, Draw* draw) {
  launch(stream, 1, 1, set_draw_kernel, value, draw);
}

void score(cudaStream_t stream, const float* logits, int vocab, int first, float* nll, const Place* place) {
  launch(stream, score_rows, threads, score_kernel, logits, vocab, first, nll, place);
}

void choose_token(cudaStream_t stream, const float* logits, int vocab, Draw* draw, int* chosen, Place* place) {
  launch(stream, 1, threads, choose_token_kernel, logits, vocab, draw, chosen, place);
}

}  // namespace catena::model::cuda
