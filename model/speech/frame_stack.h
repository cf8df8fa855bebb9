// From log-mel frames to the reader's input: four new frames and the four before them, 25 times a second.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace catena::model {

inline constexpr int kMelBands = 80;     ///< ln of the power in each band, as audio/log_mel.h makes them
inline constexpr int kSubsampling = 4;   ///< mel frames a step of the reader
inline constexpr int kStackedFrames = 8;
inline constexpr int kStackedFeatures = kStackedFrames * kMelBands;
inline constexpr int kStepMs = 10 * kSubsampling;

/// Streams frames into inputs: input n holds frames 4n - 4 to 4n + 3 (kMelSilence before the first), each number as (x
/// - mean) / spread of speech at a usual level.
class FrameStack {
 public:
  FrameStack();

  /// One frame [kMelBands]. Appends an input [kStackedFeatures] to `inputs` when it completes one.
  void feed(std::span<const float> frame, std::vector<float>& inputs);
  /// Frames that have not become part of an input as its newest four.
  int pending() const { return pending_; }

 private:
  std::array<float, kStackedFeatures> recent_;  // oldest first
  int pending_ = 0;
};

}  // namespace catena::model
