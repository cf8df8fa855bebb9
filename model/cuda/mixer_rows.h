// What both mixers do with a token's q, k and v before they differ: the short causal convolution, and its tail.
#pragma once

#include "model/cuda/kernels.h"
#include "model/cuda/warp.h"

namespace catena::model::cuda {

/// The convolution's input `channel` (of 3d) at token `index`; the tokens before the first are in the state's tail.
__device__ __forceinline__ float convolution_input(const Convolution& convolution, const MixerScratch& scratch,
                                                   const float* numbers, int channels, int index, int channel) {
  if (index >= 0) return scratch.projected[static_cast<std::size_t>(index) * scratch.projected_stride + channel];
  return numbers[convolution.tail + static_cast<std::size_t>(index + convolution.taps - 1) * channels + channel];
}

/// What the convolution makes of the input, or the input itself where there is none.
__device__ __forceinline__ float convolved(const Convolution& convolution, const MixerScratch& scratch,
                                           const float* numbers, int channels, int token, int channel) {
  if (convolution.weights == nullptr)
    return scratch.projected[static_cast<std::size_t>(token) * scratch.projected_stride + channel];
  float sum = 0;
  for (int tap = 0; tap < convolution.taps; ++tap) {
    sum += convolution.weights[static_cast<std::size_t>(tap) * channels + channel] *
           convolution_input(convolution, scratch, numbers, channels, token - (convolution.taps - 1) + tap, channel);
  }
  if (convolution.added) return convolution_input(convolution, scratch, numbers, channels, token, channel) + sum;
  return silu(sum);
}

/// Moves on the tail of one head's channels, by `count` tokens. Every thread of the block calls it, once nobody reads
/// the old tail any more; a channel is one thread's, and the places move down, so it works in place.
__device__ __forceinline__ void keep_tail(const Convolution& convolution, const MixerScratch& scratch, float* numbers,
                                          int width, int head, int head_width, int count) {
  if (convolution.weights == nullptr) return;
  const int channels = 3 * width;
  for (int i = static_cast<int>(threadIdx.x); i < 3 * head_width; i += static_cast<int>(blockDim.x)) {
    const int channel = i / head_width * width + head * head_width + i % head_width;
    for (int j = 0; j < convolution.taps - 1; ++j) {
      numbers[convolution.tail + static_cast<std::size_t>(j) * channels + channel] =
          convolution_input(convolution, scratch, numbers, channels, count - (convolution.taps - 1) + j, channel);
    }
  }
}

}  // namespace catena::model::cuda
