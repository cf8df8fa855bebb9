#include "model/speech/utterance_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/speech/frame_stack.h"

namespace catena::model {
namespace {

using nlohmann::json;

// magic, then the frames, then the index as JSON, then the length of the index.
constexpr char kMagic[8] = {'C', 'A', 'T', 'M', 'E', 'L', '0', '1'};

}  // namespace

std::uint8_t mel_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(std::lround((value + 24.0F) * 8.0F), 0L, 255L));
}
float mel_value(std::uint8_t byte) { return static_cast<float>(byte) / 8.0F - 24.0F; }

UtteranceWriter::UtteranceWriter(const std::filesystem::path& path)
    : path_(path), file_(path, std::ios::binary | std::ios::trunc) {
  file_.write(kMagic, sizeof kMagic);
  if (!file_) throw std::runtime_error(path.string() + ": cannot be written");
}

void UtteranceWriter::add(std::span<const float> frames, const std::string& text, const std::string& speaker,
                          const std::string& corpus) {
  std::vector<std::uint8_t> bytes(frames.size());
  std::transform(frames.begin(), frames.end(), bytes.begin(), mel_byte);
  file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto count = static_cast<std::uint32_t>(frames.size() / kMelBands);
  index_.push_back({frames_, count, text, speaker, corpus});
  frames_ += count;
}

void UtteranceWriter::finish() {
  json index = json::array();
  for (const Utterance& u : index_) index.push_back({u.first_frame, u.frames, u.text, u.speaker, u.corpus});
  const std::string text = index.dump();
  const std::uint64_t length = text.size();
  file_.write(text.data(), static_cast<std::streamsize>(text.size()));
  file_.write(reinterpret_cast<const char*>(&length), sizeof length);
  file_.close();
  if (!file_) throw std::runtime_error(path_.string() + ": cannot be written; is the disk full?");
}

UtteranceFile::UtteranceFile(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw std::runtime_error(path.string() + ": cannot be opened");
  struct stat status {};
  fstat(file, &status);
  size_ = static_cast<std::size_t>(status.st_size);
  void* mapped = size_ > 16 ? mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
  close(file);
  if (mapped == MAP_FAILED) throw std::runtime_error(path.string() + ": is not a file of utterances");
  data_ = static_cast<const std::uint8_t*>(mapped);
  try {
    std::uint64_t length = 0;
    std::memcpy(&length, data_ + size_ - sizeof length, sizeof length);
    if (std::memcmp(data_, kMagic, sizeof kMagic) != 0 || length > size_ - 16)
      throw std::runtime_error("is not a file of utterances, or is cut off");
    const std::uint64_t room = (size_ - 16 - length) / kMelBands;
    const char* index = reinterpret_cast<const char*>(data_ + size_ - sizeof length - length);
    for (const json& entry : json::parse(index, index + length)) {
      Utterance u{entry.at(0), entry.at(1), entry.at(2), entry.at(3), entry.at(4)};
      if (u.first_frame > room || u.frames > room - u.first_frame) throw std::runtime_error("its index is damaged");
      utterances_.push_back(std::move(u));
    }
    if (utterances_.empty()) throw std::runtime_error("holds no utterances");
  } catch (const json::exception&) {
    munmap(const_cast<std::uint8_t*>(data_), size_);
    throw std::runtime_error(path.string() + ": its index is damaged; make it again");
  } catch (const std::runtime_error& error) {
    munmap(const_cast<std::uint8_t*>(data_), size_);
    throw std::runtime_error(path.string() + ": " + error.what());
  }
}

UtteranceFile::~UtteranceFile() { munmap(const_cast<std::uint8_t*>(data_), size_); }

std::span<const std::uint8_t> UtteranceFile::frames(const Utterance& utterance) const {
  return {data_ + sizeof kMagic + utterance.first_frame * kMelBands, std::size_t{utterance.frames} * kMelBands};
}

std::vector<float> UtteranceFile::mels(const Utterance& utterance) const {
  const auto bytes = frames(utterance);
  std::vector<float> result(bytes.size());
  std::transform(bytes.begin(), bytes.end(), result.begin(), mel_value);
  return result;
}

}  // namespace catena::model
