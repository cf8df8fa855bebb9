// The model thread's copy of a document's text: a gap buffer, so edits near each other cost nothing however long the
// text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace catena::app {

/// Bytes, as the editor has them. Positions are bytes from the start and are clamped to the text.
class TextMirror {
 public:
  TextMirror() = default;
  explicit TextMirror(std::string_view text) : buffer_(text.begin(), text.end()), gap_begin_(text.size()) {
    gap_end_ = gap_begin_;
  }

  std::size_t size() const { return buffer_.size() - (gap_end_ - gap_begin_); }

  /// Replaces `removed` bytes at `at`. Returns how many there really were. Costs the distance from the last edit.
  std::size_t replace(std::size_t at, std::size_t removed, std::string_view inserted);

  /// Calls visit(std::string_view) for the pieces (one or two) of [begin, end), in order.
  template <class Visit>
  void visit(std::size_t begin, std::size_t end, Visit&& visit) const {
    end = end < size() ? end : size();
    if (begin >= end) return;
    const char* data = buffer_.data();
    if (begin < gap_begin_) visit(std::string_view(data + begin, (end < gap_begin_ ? end : gap_begin_) - begin));
    if (end > gap_begin_) {
      const std::size_t from = begin > gap_begin_ ? begin : gap_begin_;
      visit(std::string_view(data + from + (gap_end_ - gap_begin_), end - from));
    }
  }

  std::string substr(std::size_t begin, std::size_t end) const;
  char at(std::size_t position) const {
    return buffer_[position < gap_begin_ ? position : position + (gap_end_ - gap_begin_)];
  }

  /// A 64-bit fingerprint of the first `end` bytes (XXH3: about 0.1 ms a megabyte).
  std::uint64_t prefix_hash(std::size_t end) const;

 private:
  void move_gap(std::size_t at);

  std::vector<char> buffer_;  // text, with a gap of unused bytes at [gap_begin_, gap_end_)
  std::size_t gap_begin_ = 0;
  std::size_t gap_end_ = 0;
};

}  // namespace catena::app
