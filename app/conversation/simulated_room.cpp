#include "app/conversation/simulated_room.h"

#include <algorithm>
#include <cmath>

namespace catena::app {
namespace {

constexpr float kAudible = 0.01F;  // -40 dBFS
constexpr std::int64_t kNsPerMs = 1'000'000;

float factor(double db) { return static_cast<float>(std::pow(10.0, db / 20)); }

std::size_t samples_in(int ms) { return static_cast<std::size_t>(ms) * audio::kRate / 1000; }

int ms_of(std::ptrdiff_t samples) { return static_cast<int>(samples * 1000 / audio::kRate); }

}  // namespace

SimulatedRoom::SimulatedRoom(const RoomSettings& settings, int voice_rate)
    : settings_(settings),
      far_end_(std::make_shared<audio::FarEnd>(voice_rate)),
      processor_({}, settings.cancel_echo ? far_end_ : nullptr),
      echo_(voice_rate),
      air_(samples_in(settings.loudspeaker_ms + settings.microphone_ms + settings.air_ms)),
      microphone_(samples_in(kStepMs)),
      noise_(0.0F, factor(settings.noise_dbfs)) {}

audio::SoundUpdate SimulatedRoom::pass(std::span<const float> said, std::span<const float> played) {
  const std::int64_t begin_ns = now_ms_ * kNsPerMs, end_ns = begin_ns + kStepMs * kNsPerMs;
  far_end_->play(played, begin_ns + settings_.loudspeaker_ms * kNsPerMs, begin_ns);
  const std::size_t before = air_.size();
  echo_.feed(played, air_);
  for (std::size_t i = before; i < air_.size(); ++i) air_[i] *= factor(settings_.echo_db);
  for (std::size_t i = 0; i < microphone_.size(); ++i) {
    // The resampler holds a little back, so that the air may run short by a few samples.
    microphone_[i] = noise_(random_) + (i < air_.size() ? air_[i] : 0.0F) + (i < said.size() ? said[i] : 0.0F);
    microphone_[i] = std::clamp(microphone_[i], -1.0F, 1.0F);
  }
  air_.erase(air_.begin(), air_.begin() + static_cast<std::ptrdiff_t>(std::min(air_.size(), microphone_.size())));
  processor_.feed(microphone_, audio::kRate, {settings_.chunk_ms, false}, end_ns - settings_.microphone_ms * kNsPerMs,
                  end_ns);
  now_ms_ += kStepMs;
  return processor_.take();
}

Utterance make_utterance(const std::string& text, const audio::VoiceSettings& voice) {
  audio::Synthesizer& synthesizer = audio::Synthesizer::instance();
  audio::Resampler resampler(synthesizer.rate());
  Utterance utterance;
  synthesizer.speak(text, voice, [&](std::span<const float> samples, std::span<const audio::WordMark>) {
    resampler.feed(samples, utterance.samples);
    return true;
  });
  resampler.flush(utterance.samples);
  const auto audible = [](float sample) { return std::abs(sample) > kAudible; };
  const auto first = std::find_if(utterance.samples.begin(), utterance.samples.end(), audible);
  const auto last = std::find_if(utterance.samples.rbegin(), utterance.samples.rend(), audible);
  utterance.begins_ms = ms_of(first - utterance.samples.begin());
  utterance.ends_ms = ms_of(last.base() - utterance.samples.begin());
  return utterance;
}

}  // namespace catena::app
