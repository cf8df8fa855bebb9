#include "audio/voice_activity.h"

#include <catch2/catch.hpp>
#include <random>

#include "signals.h"

using namespace catena::audio;

namespace {

// Share of the 10 ms frames, after the first two seconds of getting used to the room, that are taken for speech.
double speech_share(const std::vector<float>& samples) {
  VoiceActivity voice;
  int speech = 0;
  int frames = 0;
  for (std::size_t i = 0; i + kVoiceFrame <= samples.size(); i += kVoiceFrame) {
    const bool is_speech = voice.is_speech(std::span(samples).subspan(i, kVoiceFrame));
    if (i >= 2 * 16000) {
      speech += is_speech;
      ++frames;
    }
  }
  return static_cast<double>(speech) / frames;
}

std::vector<Segment> segments_of(const std::string& pattern, SegmenterSettings settings = {}) {
  Segmenter segmenter(settings);
  std::vector<Segment> segments;
  for (const char frame : pattern) {
    if (const auto segment = segmenter.feed(frame == 'S')) {
      segments.push_back(*segment);
    }
  }
  if (const auto segment = segmenter.finish()) {
    segments.push_back(*segment);
  }
  return segments;
}

std::string repeat(char frame, int count) { return std::string(static_cast<std::size_t>(count), frame); }

}  // namespace

TEST_CASE("silence and steady noise are not speech") {
  CHECK(speech_share(std::vector<float>(10 * 16000)) == 0.0);
  CHECK(speech_share(test::noise(0.003, 10)) < 0.02);
  CHECK(speech_share(test::noise(0.05, 10)) < 0.05);
}

TEST_CASE("the two sentences of the demo clip are found where they are") {
  const auto samples = test::read_sound(CATENA_DEMO_SOUND);
  VoiceActivity voice;
  Segmenter segmenter;
  std::vector<Segment> segments;
  for (std::size_t i = 0; i + kVoiceFrame <= samples.size(); i += kVoiceFrame) {
    if (const auto segment = segmenter.feed(voice.is_speech(std::span(samples).subspan(i, kVoiceFrame)))) {
      segments.push_back(*segment);
    }
  }
  segments.push_back(segmenter.finish().value());
  REQUIRE(segments.size() == 5);  // pause, sentence, pause, sentence, pause
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(segments[i].speech == (i % 2 == 1));
  }
  CHECK(segments[1].start_ms == Approx(1200).margin(150));
  CHECK(segments[3].start_ms == Approx(6840).margin(150));
  CHECK(segments[3].end_ms == Approx(10930).margin(300));
}

TEST_CASE("speech in noise is still found") {
  auto samples = test::read_sound(CATENA_DEMO_SOUND);
  const auto hiss = test::noise(0.01, 13.0);
  std::vector<float> noisy(hiss.begin(), hiss.begin() + 2 * 16000);  // gets used to the room
  for (std::size_t i = 0; i < samples.size(); ++i) {
    noisy.push_back(samples[i] + hiss[i]);
  }
  const double share = speech_share(noisy);
  CHECK(share > 0.4);
  CHECK(share < 0.8);
}

TEST_CASE("a frame of the wrong length is refused") {
  VoiceActivity voice;
  CHECK_THROWS_WITH(voice.is_speech(std::vector<float>(161)), Catch::Contains("160 samples a frame, not 161"));
}

TEST_CASE("speech is put back to its first frame and lasts to its last") {
  const auto segments = segments_of(repeat('.', 50) + repeat('S', 40) + repeat('.', 60));
  REQUIRE(segments.size() == 3);
  CHECK((segments[0].start_ms == 0 && segments[0].end_ms == 500 && !segments[0].speech));
  CHECK((segments[1].start_ms == 500 && segments[1].end_ms == 900 && segments[1].speech));
  CHECK((segments[2].start_ms == 900 && segments[2].end_ms == 1500 && !segments[2].speech));
  CHECK(segments[0].detection_latency_ms == 60);   // the onset
  CHECK(segments[1].detection_latency_ms == 300);  // the hang-over
}

TEST_CASE("clicks are not speech and short gaps do not end it") {
  CHECK(segments_of(repeat('.', 30) + "SSSSS" + repeat('.', 30)).size() == 1);
  const auto segments = segments_of(repeat('S', 30) + repeat('.', 29) + repeat('S', 30));
  REQUIRE(segments.size() == 1);
  CHECK(segments[0].speech);
  CHECK(segments[0].end_ms == 890);
}

TEST_CASE("whatever the decisions, segments touch, alternate and cover the stream, and latency stays bounded") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::string pattern;
    while (pattern.size() < 500) {
      pattern += repeat(random() % 2 == 0 ? 'S' : '.', 1 + static_cast<int>(random() % (seed % 2 == 0 ? 4 : 60)));
    }
    std::int64_t end = 0;
    bool first = true;
    bool speech = false;
    for (const Segment& segment : segments_of(pattern)) {
      REQUIRE(segment.start_ms == end);
      REQUIRE(segment.end_ms > segment.start_ms);
      REQUIRE((first || segment.speech != speech));
      REQUIRE(segment.detection_latency_ms <= 300);
      end = segment.end_ms;
      speech = segment.speech;
      first = false;
    }
    REQUIRE(end == static_cast<std::int64_t>(pattern.size()) * 10);
  }
}

TEST_CASE("an empty stream has no segment") { CHECK(segments_of("").empty()); }
