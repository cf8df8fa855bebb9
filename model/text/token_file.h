// Packed tokens on disk, memory-mapped. Needs no tokenizer: bytes a token stands for are stored with it.
//
//   0   8   magic "CATTOKS1"
//   8   4   vocabulary size V
//   12  4   fingerprint of the tokenizer (Tokenizer::id)
//   16  8   token count N
//   24  8   bytes of text that the tokens stand for (control tokens stand for none)
//   32  2N  tokens, 16 bits each
//   ..  2V  bytes of text of each vocabulary entry, 16 bits each
// Everything is little-endian.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

namespace catena::model {

inline constexpr std::size_t token_file_header_bytes = 32;

/// Read-only view of a token file. Movable; the spans live as long as it does.
class TokenFile {
 public:
  /// Throws std::runtime_error with one line when the file is missing, foreign, truncated, or says it was made for
  /// another vocabulary than `expected_vocab` (0: any).
  explicit TokenFile(const std::filesystem::path& file, int expected_vocab = 0);
  ~TokenFile();
  TokenFile(TokenFile&& other) noexcept;
  TokenFile& operator=(TokenFile&& other) noexcept;

  int vocab() const { return vocab_; }
  std::uint32_t tokenizer_id() const { return tokenizer_id_; }
  std::uint64_t text_bytes() const { return text_bytes_; }
  std::span<const std::uint16_t> tokens() const { return tokens_; }
  /// Bytes of text of each vocabulary entry; 0 for control tokens.
  std::span<const std::uint16_t> lengths() const { return lengths_; }
  /// Reads every token once and throws std::runtime_error naming the first that is not in the vocabulary.
  void check_tokens() const;

 private:
  void unmap() noexcept;
  std::filesystem::path file_;
  void* map_ = nullptr;
  std::size_t map_bytes_ = 0;
  int vocab_ = 0;
  std::uint32_t tokenizer_id_ = 0;
  std::uint64_t text_bytes_ = 0;
  std::span<const std::uint16_t> tokens_;
  std::span<const std::uint16_t> lengths_;
};

/// Writes to FILE.part and renames it in finish(), so an interrupted run leaves no half file behind.
class TokenFileWriter {
 public:
  /// `lengths`: as TokenFile::lengths(). Throws std::runtime_error when the file cannot be written.
  TokenFileWriter(std::filesystem::path file, std::uint32_t tokenizer_id, std::vector<std::uint16_t> lengths);
  ~TokenFileWriter();
  void append(std::span<const std::int32_t> tokens);
  void finish();
  std::uint64_t tokens() const { return tokens_; }
  std::uint64_t text_bytes() const { return text_bytes_; }

 private:
  void write(const void* data, std::size_t bytes);
  std::filesystem::path file_;
  std::filesystem::path part_;
  std::ofstream out_;
  std::uint32_t tokenizer_id_;
  std::vector<std::uint16_t> lengths_;
  std::vector<std::uint16_t> buffer_;
  std::uint64_t tokens_ = 0;
  std::uint64_t text_bytes_ = 0;
  bool finished_ = false;
};

}  // namespace catena::model
