// The short causal depthwise convolution in front of a mixer's q, k and v: what it reads, and what is left of it in the
// state.
#pragma once

#include <cstddef>

#include "model/runtime/linear.h"

namespace catena::model {

/// ModelConfig::validate bounds the taps.
inline constexpr int most_taps = 16;

/// The rows of a run of tokens, and in front of them those that the state kept of the tokens before.
struct ConvolutionInput {
  Rows rows;    // [tokens, at least channels]
  float* tail;  // [taps-1, channels], oldest first
  int taps;
  int channels;

  /// Row `index` of the run; negative ones, down to 1 - taps, lie in the tail.
  const float* row(int index) const;
  /// The rows that token t's sum is made of, oldest first.
  void window(int t, const float* (&out)[most_taps]) const;
  /// Moves the tail on by the run's `tokens`.
  void keep_tail(int tokens) const;
};

}  // namespace catena::model
