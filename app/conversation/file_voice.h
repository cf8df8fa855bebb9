// A voice that speaks into a file instead of a loudspeaker, in the time of the conversation and not of a clock.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audio/speaker.h"

namespace catena::app {

/// Not thread-safe.
class FileVoice {
 public:
  explicit FileVoice(const audio::VoiceSettings& settings);

  std::uint64_t say(const std::string& text);
  void stop();
  /// `ms` go by: as much is heard. Returns what happens meanwhile.
  std::vector<audio::SpeakerEvent> pass(int ms);
  bool speaking() const { return !queue_.empty(); }

  int rate() const;
  /// All that was heard, silence included, since the beginning.
  const std::vector<float>& heard() const { return heard_; }
  /// As a 16-bit WAV file. Throws std::runtime_error with one line.
  void write(const std::filesystem::path& file) const;

 private:
  struct Text {
    std::uint64_t number;
    std::string text;
    std::vector<float> samples;
    std::deque<audio::WordMark> words;
    std::size_t at = 0;
  };
  audio::VoiceSettings settings_;
  std::deque<Text> queue_;
  std::uint64_t last_number_ = 0;
  std::vector<float> heard_;
};

}  // namespace catena::app
