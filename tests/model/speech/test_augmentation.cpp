#include <catch2/catch.hpp>
#include <cmath>

#include "model/speech/augmentation.h"
#include "model/speech/frame_stack.h"

using namespace catena::model;

namespace {

/// A voice: a band of power that moves.
MelFrames moving(std::size_t frames) {
  MelFrames sound(frames * kMelBands, -12.0F);
  for (std::size_t t = 0; t < frames; ++t) sound[t * kMelBands + 20 + t % 20] = -1.0F;
  return sound;
}

bool all_finite(const MelFrames& sound) {
  for (const float x : sound) {
    if (!std::isfinite(x)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("another voice has another length within bounds, and no number that was not between two others") {
  std::mt19937_64 random(3);
  const MelFrames sound = moving(200);
  for (int i = 0; i < 50; ++i) {
    const MelFrames other = other_voice(sound, 215, random);
    CHECK(other.size() % kMelBands == 0);
    CHECK(other.size() / kMelBands >= 174);
    CHECK(other.size() / kMelBands <= 215);
    for (const float x : other) REQUIRE((x >= -12.001F && x <= -0.999F));
  }
}

TEST_CASE("another place keeps the length and every number finite, also of digital silence") {
  std::mt19937_64 random(4);
  const MelFrames babble = moving(50);
  for (int i = 0; i < 50; ++i) {
    MelFrames sound = moving(80), silence(80 * kMelBands, -24.0F);
    other_place(sound, babble, random);
    other_place(silence, {}, random);
    CHECK(sound.size() == 80 * kMelBands);
    CHECK(all_finite(sound));
    CHECK(all_finite(silence));
  }
}

TEST_CASE("hidden parts are the mean, and most of the sound stays") {
  std::mt19937_64 random(5);
  const MelFrames sound = moving(400);
  MelFrames hidden = sound;
  hide_parts(hidden, random);
  std::size_t same = 0;
  for (std::size_t i = 0; i < sound.size(); ++i) same += sound[i] == hidden[i] ? 1 : 0;
  CHECK(same < sound.size());
  CHECK(same > sound.size() / 3);
}

TEST_CASE("a pause sounds like the quiet parts of the utterance") {
  std::mt19937_64 random(6);
  MelFrames sound(40 * kMelBands, -1.0F);
  std::fill_n(sound.begin() + 10 * kMelBands, 2 * kMelBands, -15.0F);
  MelFrames out;
  append_pause(sound, 30, out, random);
  REQUIRE(out.size() == 30 * kMelBands);
  for (const float x : out) CHECK(x == -15.0F);
}
