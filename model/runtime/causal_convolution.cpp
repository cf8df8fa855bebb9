#include "model/runtime/causal_convolution.h"

#include <algorithm>

namespace catena::model {

const float* ConvolutionInput::row(int index) const {
  return index < 0 ? tail + static_cast<std::ptrdiff_t>(index + taps - 1) * channels : rows.row(index);
}

void ConvolutionInput::window(int t, const float* (&out)[most_taps]) const {
  for (int j = 0; j < taps; ++j) out[j] = row(t - (taps - 1) + j);
}

void ConvolutionInput::keep_tail(int tokens) const {
  for (int j = 0; j < taps - 1; ++j) {
    const float* from = row(tokens - (taps - 1) + j);
    float* to = tail + static_cast<std::ptrdiff_t>(j) * channels;
    if (from != to) std::copy_n(from, channels, to);
  }
}

}  // namespace catena::model
