#include "app/session/sound_steps.h"

#include <algorithm>

namespace catena::app {

std::vector<model::Token> SoundSteps::hear(const std::vector<audio::MelFrame>& frames) {
  std::vector<model::Token> steps;
  for (const audio::MelFrame& frame : frames) {
    if (frames_ == 0) sum_ = {};
    for (std::size_t band = 0; band < frame.size(); ++band) sum_[band] += frame[band];
    if (++frames_ < frames_a_step) continue;
    frames_ = 0;
    steps.push_back(static_cast<model::Token>(std::max_element(sum_.begin(), sum_.end()) - sum_.begin()));
  }
  return steps;
}

}  // namespace catena::app
