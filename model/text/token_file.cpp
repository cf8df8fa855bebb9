#include "model/text/token_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace catena::model {
namespace {

static_assert(std::endian::native == std::endian::little, "token files are mapped as they are");
constexpr char magic[8] = {'C', 'A', 'T', 'T', 'O', 'K', 'S', '1'};

struct Header {
  char magic[8];
  std::uint32_t vocab;
  std::uint32_t tokenizer_id;
  std::uint64_t tokens;
  std::uint64_t text_bytes;
};
static_assert(sizeof(Header) == token_file_header_bytes);

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw std::runtime_error("token file " + file.string() + ": " + why);
}

}  // namespace

TokenFile::TokenFile(const std::filesystem::path& file, int expected_vocab) : file_(file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (descriptor < 0 || ::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    if (descriptor >= 0) ::close(descriptor);
    refuse(file, "cannot be read; pack the corpus first");
  }
  map_bytes_ = static_cast<std::size_t>(info.st_size);
  if (map_bytes_ < sizeof(Header)) {
    ::close(descriptor);
    refuse(file, "is too short for a token file; pack the corpus again");
  }
  map_ = ::mmap(nullptr, map_bytes_, PROT_READ, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (map_ == MAP_FAILED) {
    map_ = nullptr;
    refuse(file, std::string("cannot be mapped: ") + std::strerror(errno));
  }
  try {
    Header header{};
    std::memcpy(&header, map_, sizeof(header));
    if (std::memcmp(header.magic, magic, sizeof(magic)) != 0) refuse(file, "is not a Catena token file");
    if (header.vocab == 0 || header.vocab > 65535)
      refuse(file, "says an impossible vocabulary of " + std::to_string(header.vocab));
    const std::uint64_t room = (map_bytes_ - sizeof(Header)) / 2;
    if (map_bytes_ % 2 != 0 || header.tokens > room || room - header.tokens != header.vocab) {
      refuse(file, "is truncated or damaged (" + std::to_string(map_bytes_) + " bytes for " +
                       std::to_string(header.tokens) + " tokens); pack the corpus again");
    }
    if (expected_vocab != 0 && static_cast<int>(header.vocab) != expected_vocab) {
      refuse(file, "was packed for a vocabulary of " + std::to_string(header.vocab) + " but the model has " +
                       std::to_string(expected_vocab) + "; pack the corpus with the model's tokenizer");
    }
    vocab_ = static_cast<int>(header.vocab);
    tokenizer_id_ = header.tokenizer_id;
    text_bytes_ = header.text_bytes;
    const auto* numbers = reinterpret_cast<const std::uint16_t*>(static_cast<const char*>(map_) + sizeof(Header));
    tokens_ = {numbers, static_cast<std::size_t>(header.tokens)};
    lengths_ = {numbers + header.tokens, header.vocab};
  } catch (...) {
    unmap();
    throw;
  }
}

TokenFile::~TokenFile() { unmap(); }

TokenFile::TokenFile(TokenFile&& other) noexcept { *this = std::move(other); }

TokenFile& TokenFile::operator=(TokenFile&& other) noexcept {
  if (this == &other) return *this;
  unmap();
  file_ = std::move(other.file_);
  map_ = std::exchange(other.map_, nullptr);
  map_bytes_ = other.map_bytes_;
  vocab_ = other.vocab_;
  tokenizer_id_ = other.tokenizer_id_;
  text_bytes_ = other.text_bytes_;
  tokens_ = std::exchange(other.tokens_, {});
  lengths_ = std::exchange(other.lengths_, {});
  return *this;
}

void TokenFile::unmap() noexcept {
  if (map_ != nullptr) ::munmap(map_, map_bytes_);
  map_ = nullptr;
}

void TokenFile::check_tokens() const {
  const auto bad = std::find_if(tokens_.begin(), tokens_.end(), [&](std::uint16_t token) { return token >= vocab_; });
  if (bad == tokens_.end()) return;
  refuse(file_, "token " + std::to_string(bad - tokens_.begin()) + " is " + std::to_string(*bad) +
                    ", outside the vocabulary of " + std::to_string(vocab_) + "; pack the corpus again");
}

TokenFileWriter::TokenFileWriter(std::filesystem::path file, std::uint32_t tokenizer_id,
                                 std::vector<std::uint16_t> lengths)
    : file_(std::move(file)),
      part_(file_.string() + ".part"),
      tokenizer_id_(tokenizer_id),
      lengths_(std::move(lengths)) {
  out_.open(part_, std::ios::binary | std::ios::trunc);
  const Header header{};
  write(&header, sizeof(header));
}

TokenFileWriter::~TokenFileWriter() {
  if (finished_) return;
  out_.close();
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
}

void TokenFileWriter::write(const void* data, std::size_t bytes) {
  out_.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  if (!out_) refuse(part_, "cannot be written; is the folder there, and room on the disk?");
}

void TokenFileWriter::append(std::span<const std::int32_t> tokens) {
  buffer_.clear();
  for (const std::int32_t token : tokens) {
    text_bytes_ += lengths_.at(static_cast<std::size_t>(token));
    buffer_.push_back(static_cast<std::uint16_t>(token));
  }
  tokens_ += tokens.size();
  write(buffer_.data(), buffer_.size() * sizeof(std::uint16_t));
}

void TokenFileWriter::finish() {
  write(lengths_.data(), lengths_.size() * sizeof(std::uint16_t));
  Header header{{}, static_cast<std::uint32_t>(lengths_.size()), tokenizer_id_, tokens_, text_bytes_};
  std::memcpy(header.magic, magic, sizeof(magic));
  out_.seekp(0);
  write(&header, sizeof(header));
  out_.close();
  if (out_.fail()) refuse(part_, "cannot be written; is there room on the disk?");
  std::filesystem::rename(part_, file_);
  finished_ = true;
}

}  // namespace catena::model
