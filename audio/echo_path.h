// Brings loudspeaker and microphone together at the echo canceller: for every block of the microphone, what was heard
// at that time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "audio/echo_canceller.h"
#include "audio/far_end.h"
#include "audio/resampler.h"

namespace catena::audio {

/// Two devices have two clocks, and their callbacks come when they like. The far end is therefore read without gaps as
/// long as it stays near the time at which it should be, and moved when it has drifted, if possible while nothing is
/// played. Belongs to one thread.
class EchoPath {
 public:
  /// Throws as EchoCanceller.
  explicit EchoPath(std::shared_ptr<FarEnd> far_end);

  /// kVoiceFrame samples of the microphone at 16 kHz, in place; the first was captured at captured_ns and is processed
  /// at now_ns (nanoseconds of the clock that FarEnd::play() was given). False when the block held nearly nothing but
  /// the loudspeaker's sound: what is left of it is no voice, even where it sounds like one.
  bool clean(std::span<float> block, std::int64_t captured_ns, std::int64_t now_ns);

  EchoFigures figures() const;

 private:
  bool take_played();
  void follow(std::int64_t captured_ns);
  std::span<const float> block_played(bool arriving);
  bool cold(bool loud);

  std::shared_ptr<FarEnd> far_end_;
  EchoCanceller canceller_;
  Resampler resampler_;
  std::vector<float> from_ring_;
  std::vector<float> played_;      // at 16 kHz, not all of it used yet
  std::vector<float> silence_;
  std::int64_t begin_ = 0;         // index of played_[0], counted from the far end's first sample
  std::int64_t next_ = 0;          // of the next block for the canceller
  double lead_;                    // samples by which the far end is to come before its echo
  double error_ = 0;               // samples by which next_ is behind where it should be, smoothed
  bool quiet_ = true;              // nothing was to be heard in the last block
  int heard_blocks_ = 0;           // in which something was, up to kWarmUp
  int since_heard_ = 0;            // blocks
  int since_arrival_ = 0;          // blocks
  double delay_ms_ = 0;
};

}  // namespace catena::audio
