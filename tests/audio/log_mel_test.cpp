#include "audio/log_mel.h"

#include <catch2/catch.hpp>
#include <complex>
#include <random>

#include "allocation_counter.h"
#include "signals.h"

using namespace catena::audio;

namespace {

std::vector<MelFrame> all_frames(const std::vector<float>& samples) {
  LogMel log_mel;
  std::vector<MelFrame> frames;
  log_mel.feed(samples, frames);
  return frames;
}

// The definition in log_mel.h, written out plainly in double precision.
std::vector<double> reference_frame(const std::vector<float>& samples, std::size_t n) {
  const auto hz_from_mel = [](double mel) {
    return mel < 15.0 ? mel * 200.0 / 3.0 : 1000.0 * std::pow(6.4, (mel - 15.0) / 27.0);
  };
  const double top_mel = 15.0 + 27.0 * std::log(8.0) / std::log(6.4);  // 8000 Hz
  std::vector<double> power(257);
  for (int f = 0; f < 257; ++f) {
    std::complex<double> sum = 0;
    for (int i = 0; i < 400; ++i) {
      const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / 400);
      sum += window * samples[160 * n + static_cast<std::size_t>(i)] *
             std::polar(1.0, -2 * std::numbers::pi * f * i / 512);
    }
    power[static_cast<std::size_t>(f)] = std::norm(sum);
  }
  std::vector<double> bands(80);
  for (int b = 0; b < 80; ++b) {
    const double low = hz_from_mel(top_mel * b / 81);
    const double centre = hz_from_mel(top_mel * (b + 1) / 81);
    const double high = hz_from_mel(top_mel * (b + 2) / 81);
    double sum = 0;
    for (int f = 0; f < 257; ++f) {
      const double hz = f * 31.25;
      double weight = 0;
      if (hz > low && hz <= centre) {
        weight = (hz - low) / (centre - low);
      } else if (hz > centre && hz < high) {
        weight = (high - hz) / (high - centre);
      }
      sum += weight * 2.0 / (high - low) * power[static_cast<std::size_t>(f)];
    }
    bands[static_cast<std::size_t>(b)] = std::log(std::max(sum, 1e-10));
  }
  return bands;
}

}  // namespace

TEST_CASE("frames equal a plain double-precision DFT and Slaney mel bank") {
  auto samples = test::noise(0.1, 0.2);
  const auto tone = test::sine(700, 0.4, 0.2);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] += tone[i];
  }
  const auto frames = all_frames(samples);
  REQUIRE(frames.size() == 18);
  for (const std::size_t n : {0U, 1U, 9U, 17U}) {
    const auto expected = reference_frame(samples, n);
    for (std::size_t b = 0; b < 80; ++b) {
      CAPTURE(n, b);
      CHECK(frames[n][b] == Approx(expected[b]).margin(2e-4));
    }
  }
}

TEST_CASE("there is a frame for each 10 ms once 25 ms are there") {
  CHECK(all_frames(std::vector<float>(399)).empty());
  CHECK(all_frames(std::vector<float>(400)).size() == 1);
  CHECK(all_frames(std::vector<float>(559)).size() == 1);
  CHECK(all_frames(std::vector<float>(560)).size() == 2);
  CHECK(all_frames(std::vector<float>(16000)).size() == 98);
}

TEST_CASE("any split of the input gives the same frames, bit for bit") {
  const auto samples = test::noise(0.5, 2.0);
  const auto whole = all_frames(samples);
  for (const std::uint32_t seed : {1U, 2U, 3U, 4U}) {
    std::mt19937 random(seed);
    LogMel log_mel;
    std::vector<MelFrame> frames;
    int reported = 0;
    for (std::size_t i = 0; i < samples.size();) {
      const std::size_t count = std::min<std::size_t>(random() % (seed == 1 ? 3 : 1500), samples.size() - i);
      reported += log_mel.feed(std::span(samples).subspan(i, count), frames);
      i += count;
    }
    REQUIRE(static_cast<std::size_t>(reported) == frames.size());
    REQUIRE(frames == whole);
  }
}

TEST_CASE("digital silence gives the floor in every band, and a reset forgets what was heard") {
  const auto silence = all_frames(std::vector<float>(400));
  for (const float value : silence.at(0)) {
    CHECK(value == Approx(std::log(1e-10)).margin(1e-5));
  }
  LogMel log_mel;
  std::vector<MelFrame> frames;
  log_mel.feed(test::noise(0.5, 0.03), frames);
  log_mel.reset();
  frames.clear();
  log_mel.feed(std::vector<float>(400), frames);
  REQUIRE(frames.size() == 1);
  CHECK(frames == silence);
}

TEST_CASE("a tone is loudest in the band around it") {
  const auto frame = all_frames(test::sine(1000, 0.5, 0.1))[3];
  const auto loudest = std::max_element(frame.begin(), frame.end()) - frame.begin();
  // 1000 Hz is mel 15 of 45.25, band 15 / 45.25 * 81 - 1.
  CHECK(std::abs(static_cast<double>(loudest) - 25.85) < 1.0);
}

TEST_CASE("after the first feeds nothing is allocated") {
  LogMel log_mel;
  const auto samples = test::noise(0.5, 0.02);
  std::vector<MelFrame> frames;
  frames.reserve(1000);
  for (int i = 0; i < 10; ++i) {
    log_mel.feed(samples, frames);
  }
  const std::size_t before = test::allocations();
  for (int i = 0; i < 100; ++i) {
    log_mel.feed(samples, frames);
  }
  CHECK(test::allocations() == before);
}
