// The loudspeaker's sound out of the microphone's, and what else makes speech easier to hear: noise suppression and
// gain.
#pragma once

#include <memory>
#include <span>

#include "audio/voice_activity.h"

namespace catena::audio {

/// How well it works. Figures stand still while nothing is played.
struct EchoFigures {
  bool cancelling = false;  ///< there is a canceller in the path
  double delay_ms =
      0;  ///< from handing sound to the loudspeaker to processing its echo, by the latencies that the devices tell
  double erle_db = 0;       ///< echo return loss enhancement: how much quieter the canceller makes the echo
};

/// WebRTC's acoustic echo canceller with noise suppression and digital gain. Blocks of kVoiceFrame samples at 16 kHz
/// mono, -1..1; memory is constant. One played() and one clean() for each 10 ms, in this order. Not thread-safe.
class EchoCanceller {
 public:
  /// Throws std::runtime_error when the library refuses to start.
  EchoCanceller();
  ~EchoCanceller();
  EchoCanceller(EchoCanceller&&) noexcept;
  EchoCanceller& operator=(EchoCanceller&&) noexcept;

  /// The far end: what the loudspeaker gets, silence included. It must come no later than its echo in clean().
  void played(std::span<const float> block);
  /// The near end, in place.
  void clean(std::span<float> block);
  /// By how much the far end runs ahead of its echo, as far as is known, 0 to 500 ms. A few ten ms too little or too
  /// much are found out.
  void set_delay_ms(int delay_ms);

  /// Mean over what was played so far; 0 until something was.
  double erle_db() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace catena::audio
