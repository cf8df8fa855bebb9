#include "app/session/sound_steps.h"

#include <catch2/catch.hpp>

using namespace catena;

TEST_CASE("sound becomes a token each four frames: its loudest band, in any split") {
  std::vector<audio::MelFrame> frames(10);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].fill(-10);
    frames[i][i < 4 ? 7 : 30] = 2;
  }
  app::SoundSteps whole, split;
  CHECK(whole.hear(frames) == std::vector<model::Token>{7, 30});
  std::vector<model::Token> tokens;
  for (const audio::MelFrame& frame : frames)
    for (const model::Token token : split.hear({frame})) tokens.push_back(token);
  CHECK(tokens == std::vector<model::Token>{7, 30});
  CHECK(split.hear({frames[9], frames[9]}) == std::vector<model::Token>{30});  // the two left over count
}
