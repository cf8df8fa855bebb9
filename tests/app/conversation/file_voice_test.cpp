#include <catch2/catch.hpp>

#include "app/conversation/file_voice.h"

using namespace catena::app;
using Kind = catena::audio::SpeakerEvent::Kind;

TEST_CASE("a voice in a file is heard in the time that passes, silence included") {
  FileVoice voice({});
  CHECK(voice.pass(100).empty());
  const std::uint64_t number = voice.say("hello there");
  std::vector<catena::audio::SpeakerEvent> events;
  int ms = 0;
  for (; voice.speaking(); ms += 20) {
    for (const auto& event : voice.pass(20)) events.push_back(event);
    REQUIRE(ms < 5000);
  }
  CHECK(ms > 300);
  REQUIRE(events.size() >= 4);
  CHECK(events.front().kind == Kind::started);
  CHECK(events.back().kind == Kind::finished);
  for (const auto& event : events) CHECK(event.number == number);
  CHECK(static_cast<int>(voice.heard().size()) == (100 + ms) * voice.rate() / 1000);
}

TEST_CASE("a voice that is stopped is silent from there on") {
  FileVoice voice({});
  voice.say("a rather long sentence that nobody wants to hear to its end");
  voice.say("and another");
  voice.pass(500);
  voice.stop();
  CHECK_FALSE(voice.speaking());
  CHECK(voice.pass(500).empty());
  for (std::size_t i = voice.heard().size() / 2 + 10; i < voice.heard().size(); ++i) REQUIRE(voice.heard()[i] == 0);
}
