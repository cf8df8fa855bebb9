// Transcribed speech on disk: log-mel frames, a byte a number, with what was said. Read by memory mapping, so a corpus
// may be larger than memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace catena::model {

struct Utterance {
  std::uint64_t first_frame = 0;
  std::uint32_t frames = 0;
  std::string text;     ///< a to z, apostrophe, space
  std::string speaker;
  std::string corpus;
};

/// ln of a band's power <-> a byte: steps of 1/8 from -24 to 7.875.
std::uint8_t mel_byte(float value);
float mel_value(std::uint8_t byte);

/// Writes frames as they come and the index at the end.
class UtteranceWriter {
 public:
  /// Throws std::runtime_error when the file cannot be written.
  explicit UtteranceWriter(const std::filesystem::path& path);
  /// frames: whole frames of kMelBands.
  void add(std::span<const float> frames, const std::string& text, const std::string& speaker,
           const std::string& corpus);
  /// The file is whole from here on.
  void finish();

 private:
  std::filesystem::path path_;
  std::ofstream file_;
  std::uint64_t frames_ = 0;
  std::vector<Utterance> index_;
};

class UtteranceFile {
 public:
  /// Throws std::runtime_error with one line when the file is missing, damaged or empty.
  explicit UtteranceFile(const std::filesystem::path& path);
  ~UtteranceFile();
  UtteranceFile(const UtteranceFile&) = delete;
  UtteranceFile& operator=(const UtteranceFile&) = delete;

  const std::vector<Utterance>& utterances() const { return utterances_; }
  /// Its frames, [frames, kMelBands] bytes.
  std::span<const std::uint8_t> frames(const Utterance& utterance) const;
  /// The same as numbers: ln of power.
  std::vector<float> mels(const Utterance& utterance) const;

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::vector<Utterance> utterances_;
};

}  // namespace catena::model
