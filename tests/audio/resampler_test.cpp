#include "audio/resampler.h"

#include <catch2/catch.hpp>
#include <random>

#include "signals.h"

using namespace catena::audio;

namespace {

std::vector<float> resample(const std::vector<float>& in, int rate, std::uint32_t seed) {
  Resampler resampler(rate);
  std::mt19937 random(seed);
  std::vector<float> out;
  for (std::size_t i = 0; i < in.size();) {
    const std::size_t count = std::min<std::size_t>(1 + random() % 2000, in.size() - i);
    resampler.feed(std::span(in).subspan(i, count), out);
    i += count;
  }
  resampler.flush(out);
  return out;
}

// Amplitude of one frequency in the middle half of the samples, where no edge disturbs.
double amplitude_at(const std::vector<float>& samples, double hz) {
  double re = 0;
  double im = 0;
  const std::size_t first = samples.size() / 4;
  const std::size_t count = samples.size() / 2;
  for (std::size_t i = first; i < first + count; ++i) {
    const double window =
        0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i - first) / static_cast<double>(count));
    const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / kRate;
    re += samples[i] * window * std::cos(angle);
    im += samples[i] * window * std::sin(angle);
  }
  return 4 * std::hypot(re, im) / static_cast<double>(count);
}

}  // namespace

TEST_CASE("a second of sound at any rate becomes 16000 samples of the same tone") {
  for (const int rate : {8000, 11025, 22050, 32000, 44100, 48000, 96000, 192000}) {
    CAPTURE(rate);
    const auto out = resample(test::sine(1000, 0.5, 1.0, rate), rate, 3);
    CHECK(std::abs(static_cast<double>(out.size()) - 16000.0) <= 2);
    CHECK(amplitude_at(out, 1000) == Approx(0.5).epsilon(0.01));
    CHECK(amplitude_at(out, 2000) < 0.001);
  }
}

TEST_CASE("what 16 kHz cannot hold is gone, not folded back") {
  const auto out = resample(test::sine(11000, 0.5, 1.0, 48000), 48000, 3);
  CHECK(amplitude_at(out, 5000) < 0.0005);
}

TEST_CASE("16 kHz passes through unchanged") {
  const auto in = test::noise(0.5, 0.3);
  CHECK(resample(in, 16000, 4) == in);
}

TEST_CASE("the split of the input does not matter") {
  const auto in = test::noise(0.5, 1.0, 44100);
  const auto a = resample(in, 44100, 5);
  const auto b = resample(in, 44100, 6);
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(a[i] - b[i])));
  }
  CHECK(largest < 1e-5);
}

TEST_CASE("a resampler starts anew after flush") {
  const auto in = test::sine(500, 0.5, 0.5, 48000);
  Resampler resampler(48000);
  std::vector<float> first;
  resampler.feed(in, first);
  resampler.flush(first);
  std::vector<float> second;
  resampler.feed(in, second);
  resampler.flush(second);
  CHECK(first.size() == second.size());
}

TEST_CASE("a rate that no device has is refused") {
  CHECK_THROWS_WITH(Resampler(0), Catch::Contains("sample rate of 0 Hz"));
  CHECK_THROWS_WITH(Resampler(-44100), Catch::Contains("outside 4000 to 384000"));
  CHECK_THROWS(Resampler(1000000));
}
