#include "model/speech/frame_stack.h"

#include <algorithm>

namespace catena::model {
namespace {

// Of the training speech: nearly all numbers fall within -3 to 3.
constexpr float kMean = -7.0F, kSpread = 3.0F;
constexpr float kMelSilence = -3.0F;  // scaled

}  // namespace

FrameStack::FrameStack() { recent_.fill(kMelSilence); }

void FrameStack::feed(std::span<const float> frame, std::vector<float>& inputs) {
  std::copy(recent_.begin() + kMelBands, recent_.end(), recent_.begin());
  float* newest = recent_.data() + kStackedFeatures - kMelBands;
  for (std::size_t i = 0; i < kMelBands; ++i)
    newest[i] = std::clamp((frame[i] - kMean) / kSpread, kMelSilence, -kMelSilence);
  if (++pending_ < kSubsampling) return;
  pending_ = 0;
  inputs.insert(inputs.end(), recent_.begin(), recent_.end());
}

}  // namespace catena::model
