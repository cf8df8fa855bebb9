// What was read, kept on disk between runs: one file a document, with the stream's state and what it belongs to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace catena::app {

/// A stream that has read the first `position` bytes of a document.
struct SavedStream {
  std::string document;         ///< the document's name
  std::string model;            ///< fingerprint of weights, tokenizer and what was read before the document; the
                                ///< state of another one is of no use
  std::uint64_t position = 0;   ///< bytes
  std::uint64_t rests_on = 0;   ///< bytes that must be the same for the state to be of use (Reader::rests_on)
  std::uint64_t text_hash = 0;  ///< TextMirror::prefix_hash(rests_on)
  std::string stream;           ///< what the stream saved of itself
};

class StreamStore {
 public:
  // What is kept altogether; the oldest go first.
  static constexpr std::size_t most_files = 64;
  static constexpr std::uintmax_t most_bytes = 256 << 20;

  /// Created when the first stream is saved.
  explicit StreamStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Nothing when there is no file for the document, or one that cannot be used: it is then read anew.
  std::optional<SavedStream> load(const std::string& document) const;
  /// Atomic: temporary file, fsync, rename. Throws std::runtime_error with one line; the old file is then still there.
  void save(const SavedStream& saved) const;
  std::filesystem::path file_of(const std::string& document) const;

 private:
  void prune() const;
  std::filesystem::path folder_;
};

}  // namespace catena::app
