// Interleaved channels to one.
#pragma once

#include <cmath>
#include <cstddef>

namespace catena::audio {

/// Averages `frames` frames of `channels` interleaved samples into `out`. A sample that is not a number counts as
/// silence, so that one bad sample cannot poison what follows. Neither allocates nor throws.
inline void mix_to_mono(const float* interleaved, std::size_t frames, int channels, float* out) noexcept {
  const float scale = 1.0F / static_cast<float>(channels);
  for (std::size_t i = 0; i < frames; ++i) {
    float sum = 0;
    for (int c = 0; c < channels; ++c) {
      sum += interleaved[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
    }
    out[i] = std::isfinite(sum) ? sum * scale : 0.0F;
  }
}

}  // namespace catena::audio
