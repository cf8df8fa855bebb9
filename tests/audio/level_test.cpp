#include "audio/level.h"

#include <catch2/catch.hpp>

#include "signals.h"

using namespace catena::audio;

TEST_CASE("a full-scale sine reads -3.01 dBFS RMS and 0 dBFS peak") {
  LevelMeter meter;
  meter.feed(test::sine(440, 1.0, 1.0));
  const Level level = meter.take();
  CHECK(level.rms_dbfs == Approx(-3.0103).margin(0.01));
  CHECK(level.peak_dbfs == Approx(0.0).margin(0.01));
}

TEST_CASE("a tenth of the amplitude is 20 dB less") {
  LevelMeter meter;
  meter.feed(test::sine(440, 0.1, 1.0));
  const Level level = meter.take();
  CHECK(level.rms_dbfs == Approx(-23.0103).margin(0.01));
  CHECK(level.peak_dbfs == Approx(-20.0).margin(0.01));
  CHECK_FALSE(level.clipped);
}

TEST_CASE("the level does not depend on the block size") {
  const auto samples = test::noise(0.3, 0.5);
  LevelMeter whole;
  whole.feed(samples);
  LevelMeter parts;
  for (std::size_t i = 0; i < samples.size(); i += 7) {
    parts.feed(std::span(samples).subspan(i, std::min<std::size_t>(7, samples.size() - i)));
  }
  const Level a = whole.take();
  const Level b = parts.take();
  CHECK(a.rms_dbfs == b.rms_dbfs);
  CHECK(a.peak_dbfs == b.peak_dbfs);
}

TEST_CASE("silence and no sound at all read as the lowest level") {
  LevelMeter meter;
  CHECK(meter.take().rms_dbfs == kSilenceDbfs);
  meter.feed(std::vector<float>(160, 0.0F));
  CHECK(meter.take().peak_dbfs == kSilenceDbfs);
}

TEST_CASE("a flat top counts as clipped, a single full-scale sample does not") {
  LevelMeter meter;
  meter.feed(std::vector<float>{0.5F, 1.0F, 0.5F, 1.0F, 1.0F, 0.2F});
  CHECK_FALSE(meter.take().clipped);
  meter.feed(std::vector<float>{0.5F, 1.0F, 1.0F});
  meter.feed(std::vector<float>{1.0F, 0.5F});  // the run goes on across blocks
  CHECK(meter.take().clipped);
  meter.feed(std::vector<float>{0.5F});
  CHECK_FALSE(meter.take().clipped);
}
