// Text to sound: espeak-ng.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace catena::audio {

struct Voice {
  std::string name;      ///< as VoiceSettings take it
  std::string language;  ///< "en-gb"
};

struct VoiceSettings {
  std::string voice = "en";  ///< a voice's name or a language
  int words_a_minute = 175;  ///< 80 to 450
  int pitch = 50;            ///< 0 to 100
  int volume = 100;          ///< 0 to 200
  bool operator==(const VoiceSettings&) const = default;
};

/// A word begins.
struct WordMark {
  std::size_t byte = 0;     ///< of the text
  std::int64_t sample = 0;  ///< of the sound
};

/// Thread-safe; the library behind it speaks one text at a time, so calls wait for each other.
class Synthesizer {
 public:
  /// Takes a piece of sound and the words that begin in it. Returns false to stop.
  using Sink = std::function<bool(std::span<const float> samples, std::span<const WordMark> words)>;

  /// Throws std::runtime_error with one line when espeak-ng cannot be started (its data are missing).
  static Synthesizer& instance();

  int rate() const { return rate_; }  ///< Hz, mono
  std::vector<Voice> voices();
  /// Speaks UTF-8 text into the sink, as fast as that takes it. False when the sink stopped it. Throws
  /// std::runtime_error with one line for a voice that is not there.
  bool speak(std::string_view text, const VoiceSettings& settings, const Sink& sink);

 private:
  Synthesizer();
  int rate_;
};

}  // namespace catena::audio
