#include "audio/level.h"

#include <algorithm>
#include <cmath>

namespace catena::audio {

namespace {

// The largest positive 16-bit sample is 32767/32768; anything from there on is at the end of the scale.
constexpr float kFullScale = 32767.0F / 32768.0F;
// A single sample may touch full scale without harm; a flat top is audible.
constexpr int kClippedRun = 3;

double decibels(double amplitude) {
  return amplitude > 0 ? std::max(kSilenceDbfs, 20.0 * std::log10(amplitude)) : kSilenceDbfs;
}

}  // namespace

void LevelMeter::feed(std::span<const float> samples) {
  for (const float sample : samples) {
    const float magnitude = std::abs(sample);
    sum_of_squares_ += static_cast<double>(sample) * sample;
    peak_ = std::max(peak_, magnitude);
    full_scale_run_ = magnitude >= kFullScale ? full_scale_run_ + 1 : 0;
    clipped_ = clipped_ || full_scale_run_ >= kClippedRun;
  }
  count_ += samples.size();
}

Level LevelMeter::take() {
  Level level;
  if (count_ > 0) {
    level.rms_dbfs = decibels(std::sqrt(sum_of_squares_ / static_cast<double>(count_)));
    level.peak_dbfs = decibels(peak_);
    level.clipped = clipped_;
  }
  sum_of_squares_ = 0;
  count_ = 0;
  peak_ = 0;
  clipped_ = false;
  return level;
}

}  // namespace catena::audio
