// A room in simulated time: a microphone that hears the user, some noise, and the loudspeaker.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "audio/sound_processor.h"
#include "audio/synthesizer.h"

namespace catena::app {

struct RoomSettings {
  double echo_db = -10;         ///< the voice in the microphone, against what it plays
  int loudspeaker_ms = 30;      ///< its latency, as the device tells it ...
  int microphone_ms = 20;       ///< ... and the microphone's
  int air_ms = 10;              ///< what nobody tells: the echo is heard 60 ms after the voice was handed over
  double noise_dbfs = -66;      ///< rms of a white noise
  bool cancel_echo = true;
  int chunk_ms = 320;           ///< of the sound path's figures; nothing else depends on it
};

/// The microphone's side is the real thing, audio::SoundProcessor. Not thread-safe.
class SimulatedRoom {
 public:
  static constexpr int kStepMs = 30;  ///< as often as the live path tells of sound

  /// voice_rate: of what is played, Hz.
  SimulatedRoom(const RoomSettings& settings, int voice_rate);

  /// A step goes by. said: by the user, 16 kHz, at most a step of it. played: a step of the voice.
  audio::SoundUpdate pass(std::span<const float> said, std::span<const float> played);

  std::int64_t now_ms() const { return now_ms_; }

 private:
  RoomSettings settings_;
  std::shared_ptr<audio::FarEnd> far_end_;
  audio::SoundProcessor processor_;
  audio::Resampler echo_;
  std::vector<float> air_;  // the echo on its way to the microphone, 16 kHz
  std::vector<float> microphone_;
  std::mt19937 random_{1};
  std::normal_distribution<float> noise_;
  std::int64_t now_ms_ = 0;
};

/// Something that a user says, 16 kHz.
struct Utterance {
  std::vector<float> samples;
  int begins_ms = 0;  ///< its first and last sound that can be heard
  int ends_ms = 0;
};

/// Made with the synthesizer. Throws as that.
Utterance make_utterance(const std::string& text, const audio::VoiceSettings& voice);

}  // namespace catena::app
