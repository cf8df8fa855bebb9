// How loud: RMS and peak level in dB below full scale, and clipping.
#pragma once

#include <cstddef>
#include <span>

namespace catena::audio {

/// The lowest level shown: digital silence reads as this.
inline constexpr double kSilenceDbfs = -120.0;

struct Level {
  double rms_dbfs = kSilenceDbfs;  ///< 0 is a square wave at full scale; a full-scale sine reads -3.01
  double peak_dbfs = kSilenceDbfs;
  bool clipped = false;  ///< three or more samples in a row at full scale
};

/// Collects samples of any block size; take() gives the level of all since the last take() and starts anew.
class LevelMeter {
 public:
  void feed(std::span<const float> samples);
  Level take();

 private:
  double sum_of_squares_ = 0;
  std::size_t count_ = 0;
  float peak_ = 0;
  int full_scale_run_ = 0;
  bool clipped_ = false;
};

}  // namespace catena::audio
