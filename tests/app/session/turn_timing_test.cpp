#include <catch2/catch.hpp>

#include "app/session/turn_timing.h"

using namespace catena::app;

TEST_CASE("times count from the end of speech, the first of each kind") {
  TurnTiming timing;
  timing.words(900);  // while one speaks
  timing.speech_ended(1000);
  timing.words(1120);
  timing.asked();
  timing.first_reply(1340);
  timing.first_reply(1400);
  timing.first_sound(1480);
  CHECK(timing.figures().words_ms == 120);
  CHECK(timing.figures().first_reply_ms == 340);
  CHECK(timing.figures().first_sound_ms == 480);
}

TEST_CASE("the next turn is measured by itself while the last is answered") {
  TurnTiming timing;
  timing.speech_ended(1000);
  timing.words(1100);
  timing.asked();
  timing.speech_ended(5000);
  timing.words(5050);
  timing.first_reply(5100);  // of the first
  CHECK(timing.figures().first_reply_ms == 4100);
  timing.asked();
  CHECK(timing.figures().words_ms == 50);
  CHECK(timing.figures().first_reply_ms == -1);
  CHECK(timing.figures().first_sound_ms == -1);
}

TEST_CASE("nothing is told of a turn whose end was not noticed") {
  TurnTiming timing;
  timing.words(100);
  timing.asked();
  timing.first_reply(200);
  CHECK(timing.figures().words_ms == -1);
  CHECK(timing.figures().first_reply_ms == -1);
}
