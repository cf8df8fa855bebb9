#include <catch2/catch.hpp>
#include <cmath>

#include "audio/synthesizer.h"

using namespace catena::audio;

namespace {

struct Spoken {
  std::vector<float> samples;
  std::vector<WordMark> words;
  bool whole = false;
};

Spoken speak(std::string_view text, const VoiceSettings& settings = {}, std::size_t most = SIZE_MAX) {
  Spoken spoken;
  spoken.whole = Synthesizer::instance().speak(
      text, settings, [&](std::span<const float> samples, std::span<const WordMark> words) {
        spoken.samples.insert(spoken.samples.end(), samples.begin(), samples.end());
        spoken.words.insert(spoken.words.end(), words.begin(), words.end());
        return spoken.samples.size() < most;
      });
  return spoken;
}

double seconds(const Spoken& spoken) {
  return static_cast<double>(spoken.samples.size()) / Synthesizer::instance().rate();
}

}  // namespace

TEST_CASE("a text becomes sound, and every word of it a mark") {
  const std::string text = "Grüße, the list has twelve items.";
  const Spoken spoken = speak(text);
  CHECK(spoken.whole);
  CHECK(seconds(spoken) > 1);
  CHECK(seconds(spoken) < 5);
  double power = 0;
  for (const float x : spoken.samples) power += x * x;
  CHECK(std::sqrt(power / static_cast<double>(spoken.samples.size())) > 0.01);
  REQUIRE(spoken.words.size() >= 5);
  for (std::size_t i = 0; i < spoken.words.size(); ++i) {
    const WordMark& mark = spoken.words[i];
    CHECK(mark.byte < text.size());
    CHECK(mark.sample <= static_cast<std::int64_t>(spoken.samples.size()));
    if (i > 0) CHECK(mark.sample >= spoken.words[i - 1].sample);
    CHECK((static_cast<unsigned char>(text[mark.byte]) & 0xC0U) != 0x80U);  // at the beginning of a character
  }
  CHECK(text.substr(spoken.words[1].byte, 3) == "the");  // bytes, not characters
}

TEST_CASE("rate and volume are heard") {
  const std::string text = "one two three four five";
  CHECK(seconds(speak(text, {.words_a_minute = 300})) < 0.8 * seconds(speak(text, {.words_a_minute = 120})));
  const auto loudest = [&](int volume) {
    float peak = 0;
    for (const float x : speak(text, {.volume = volume}).samples) peak = std::max(peak, std::abs(x));
    return peak;
  };
  CHECK(loudest(30) < 0.6F * loudest(100));
}

TEST_CASE("a sink that has enough stops the voice") {
  const Spoken spoken =
      speak("a rather long sentence that nobody wants to hear to its very end, and then another one", {}, 4000);
  CHECK_FALSE(spoken.whole);
  CHECK(spoken.samples.size() < 4000 + 4000);
  CHECK(speak("again").whole);  // and the next one is spoken
}

TEST_CASE("a sink that throws is a sink that stops") {
  CHECK_FALSE(
      Synthesizer::instance().speak("hello there", {}, [](auto, auto) -> bool { throw std::runtime_error("no"); }));
}

TEST_CASE("nothing to say is said at once") {
  CHECK(speak("").whole);
  CHECK(seconds(speak("   ")) < 0.2);
}

TEST_CASE("a voice that is not there is named, and there are others") {
  CHECK_THROWS_WITH(speak("hello", {.voice = "nobody-at-all"}), Catch::Contains("nobody-at-all"));
  const std::vector<Voice> voices = Synthesizer::instance().voices();
  CHECK(std::any_of(voices.begin(), voices.end(), [](const Voice& voice) { return voice.language.starts_with("en"); }));
}
