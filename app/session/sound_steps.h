// Sound as a stream of tokens, for systems whose time and memory are looked at and not what they make of it.
#pragma once

#include <cstdint>
#include <vector>

#include "audio/log_mel.h"
#include "model/config.h"

namespace catena::app {

/// A token for each 40 ms, the step of the reader of speech: the number of the loudest band (0 to 79).
class SoundSteps {
 public:
  /// Frames, 10 ms each; returns the steps that they complete.
  std::vector<model::Token> hear(const std::vector<audio::MelFrame>& frames);

 private:
  static constexpr int frames_a_step = 4;
  audio::MelFrame sum_{};
  int frames_ = 0;
};

}  // namespace catena::app
