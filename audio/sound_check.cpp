#include "audio/sound_check.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numbers>
#include <optional>
#include <stdexcept>
#include <thread>

#include "audio/capture.h"
#include "audio/player.h"
#include "audio/resampler.h"

namespace catena::audio {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kLook = 5ms;
constexpr auto kPatience = 5s;  // for a microphone that delivers nothing
constexpr int kToneRate = 48000;
constexpr double kToneHz = 440;
constexpr double kToneAmplitude = 0.25;
constexpr double kFadeSeconds = 0.02;

}  // namespace

void play(const std::string& loudspeaker, std::span<const float> samples, int rate, const Stop& stop) {
  Player player(loudspeaker, rate);
  while (!samples.empty() || !player.idle()) {
    if (stop()) return;
    if (!player.alive()) {
      throw std::runtime_error("loudspeaker '" + player.device() +
                               "' takes no sound; plug it in or choose another output");
    }
    samples = samples.subspan(player.write(samples));
    std::this_thread::sleep_for(kLook);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(static_cast<int>(player.latency_ms())));
}

void play_test_tone(const std::string& loudspeaker, const Stop& stop) {
  std::vector<float> tone(kToneRate);
  for (std::size_t i = 0; i < tone.size(); ++i) {
    const double t = static_cast<double>(i) / kToneRate;
    const double fade = std::clamp(std::min(t, 1 - t) / kFadeSeconds, 0.0, 1.0);
    tone[i] = static_cast<float>(kToneAmplitude * fade * std::sin(2 * std::numbers::pi * kToneHz * t));
  }
  play(loudspeaker, tone, kToneRate, stop);
}

std::vector<float> record(const std::string& microphone, double seconds, const Stop& stop) {
  CaptureSettings settings;
  settings.device = microphone;
  Capture capture(settings);
  std::optional<Resampler> resampler;
  std::vector<float> samples;
  std::array<float, 4096> block{};
  const auto wanted = static_cast<std::size_t>(seconds * kRate);
  auto last = Clock::now();
  while (samples.size() < wanted && !stop()) {
    const Source::Block got = capture.read(block);
    if (got.count > 0) {
      if (!resampler || resampler->input_rate() != got.rate) resampler.emplace(got.rate);
      resampler->feed(std::span<const float>(block).first(got.count), samples);
      last = Clock::now();
      continue;
    }
    if (Clock::now() - last > kPatience) {
      const std::vector<SourceEvent> events = capture.take_events();
      throw std::runtime_error(events.empty() ? "the microphone delivers no sound" : events.back().text);
    }
    std::this_thread::sleep_for(kLook);
  }
  capture.stop();
  samples.resize(std::min(samples.size(), wanted));
  return samples;
}

}  // namespace catena::audio
