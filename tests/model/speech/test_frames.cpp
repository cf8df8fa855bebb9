#include <catch2/catch.hpp>

#include "model/speech/frame_stack.h"

using namespace catena::model;

TEST_CASE("every fourth frame completes an input of the last eight") {
  FrameStack stack;
  std::vector<float> inputs;
  std::vector<float> frame(kMelBands);
  for (int t = 0; t < 11; ++t) {
    for (float& x : frame) x = -7.0F + 0.3F * static_cast<float>(t);  // scaled: t / 10
    stack.feed(frame, inputs);
  }
  REQUIRE(inputs.size() == 2 * kStackedFeatures);
  CHECK(stack.pending() == 3);
  CHECK(inputs[0] == -3);  // nothing before the stream began
  for (int t = 0; t < 4; ++t)
    CHECK(inputs[static_cast<std::size_t>((4 + t) * kMelBands)] == Approx(0.1 * t).margin(1e-6));
  for (int t = 0; t < 8; ++t)
    CHECK(inputs[static_cast<std::size_t>(kStackedFeatures + t * kMelBands)] == Approx(0.1 * t).margin(1e-6));
}
