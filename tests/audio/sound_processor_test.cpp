#include "audio/sound_processor.h"

#include <catch2/catch.hpp>
#include <random>

#include "signals.h"

using namespace catena::audio;

namespace {

SoundUpdate process(const std::vector<float>& samples, int rate, const ChunkSettings& chunks, std::uint32_t seed) {
  SoundProcessor processor;
  std::mt19937 random(seed);
  for (std::size_t i = 0; i < samples.size();) {
    const std::size_t count = std::min<std::size_t>(1 + random() % 3000, samples.size() - i);
    processor.feed(std::span(samples).subspan(i, count), rate, chunks);
    i += count;
  }
  processor.finish();
  return processor.take();
}

}  // namespace

TEST_CASE("chunks touch, have the set length and end with the sound") {
  const auto update = process(test::noise(0.1, 1.0), 16000, {320, false}, 1);
  REQUIRE(update.chunks.size() == 4);
  std::int64_t end = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(update.chunks[i].index == static_cast<std::int64_t>(i));
    CHECK(update.chunks[i].start_ms == end);
    end = update.chunks[i].end_ms;
    CHECK(update.chunks[i].processing_ms > 0);
  }
  CHECK(update.chunks[0].end_ms == 320);
  CHECK(end == 1000);
}

TEST_CASE("the split of the sound does not change frames, segments or chunks") {
  const auto samples = test::read_sound(CATENA_DEMO_SOUND);
  const auto a = process(samples, 16000, {500, false}, 1);
  const auto b = process(samples, 16000, {500, false}, 2);
  CHECK(a.log_mel == b.log_mel);
  REQUIRE(a.segments.size() == b.segments.size());
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    CHECK(a.segments[i].start_ms == b.segments[i].start_ms);
    CHECK(a.segments[i].end_ms == b.segments[i].end_ms);
  }
  CHECK(a.chunks.size() == b.chunks.size());
}

TEST_CASE("a chunk ends at a pause when asked to") {
  const auto samples = test::read_sound(CATENA_DEMO_SOUND);
  const auto update = process(samples, 16000, {5000, true}, 1);
  for (const Segment& segment : update.segments) {
    if (segment.speech) {
      const std::int64_t noticed = segment.end_ms + static_cast<std::int64_t>(segment.detection_latency_ms);
      CAPTURE(noticed);
      CHECK(std::any_of(update.chunks.begin(), update.chunks.end(), [&](const SoundChunk& chunk) {
        return chunk.end_ms == noticed || chunk.end_ms - chunk.start_ms == 5000;
      }));
    }
  }
  CHECK(std::any_of(update.chunks.begin(), update.chunks.end(),
                    [](const SoundChunk& chunk) { return chunk.end_ms - chunk.start_ms < 5000; }));
}

TEST_CASE("a new chunk length applies from the next chunk on") {
  SoundProcessor processor;
  const auto samples = test::noise(0.1, 0.5);
  processor.feed(std::span(samples).first(1600), 16000, {320, false});
  processor.feed(std::span(samples).subspan(1600), 16000, {100, false});
  const auto update = processor.take();
  REQUIRE(update.chunks.size() == 2);
  CHECK(update.chunks[0].end_ms == 320);
  CHECK(update.chunks[1].end_ms == 420);
}

TEST_CASE("when the device's rate changes no sound is lost") {
  SoundProcessor processor;
  processor.feed(test::sine(440, 0.5, 1.0, 48000), 48000, {});
  processor.feed(test::sine(440, 0.5, 1.0, 16000), 16000, {});
  processor.feed(test::sine(440, 0.5, 1.0, 44100), 44100, {});
  processor.finish();
  const auto update = processor.take();
  CHECK(update.time_ms == Approx(3000).margin(10));
  CHECK(update.log_mel.size() == Approx(298).margin(1));
  CHECK(update.level_dbfs == Approx(-9.03).margin(0.1));
}

TEST_CASE("an update covers what came since the last one") {
  SoundProcessor processor;
  processor.feed(test::sine(440, 0.5, 0.1), 16000, {});
  CHECK(processor.pending_ms() == 100);
  const auto first = processor.take();
  CHECK(first.log_mel.size() == 8);
  CHECK(first.real_time_factor > 0);
  CHECK(processor.pending_ms() == 0);
  const auto second = processor.take();
  CHECK(second.log_mel.empty());
  CHECK(second.level_dbfs == kSilenceDbfs);
  CHECK(second.real_time_factor == first.real_time_factor);
}
