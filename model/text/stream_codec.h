// Tokens of text that is still being written, and text of tokens that are still being made.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/segmenter.h"
#include "model/text/tokenizer.h"

namespace catena::model {

/// Remembers the tokens of recent segments. Fixed size; a segment displaces the one in its slot.
class SegmentCache {
 public:
  SegmentCache(std::shared_ptr<const Tokenizer> tokenizer, std::size_t slots);
  /// Appends the segment's tokens to `out`.
  void encode(std::string_view segment, bool raw, std::vector<Token>& out);
  const Tokenizer& tokenizer() const { return *tokenizer_; }

 private:
  struct Slot {
    std::uint8_t bytes = 0;  // 0: empty
    std::uint8_t tokens = 0;
    std::array<char, Segmenter::max_segment> text;
    std::array<std::uint16_t, Segmenter::max_segment> ids;
  };
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<Slot> slots_;
};

/// Any split of a text gives the tokens of Tokenizer::encode() of the whole.
class StreamEncoder {
 public:
  explicit StreamEncoder(std::shared_ptr<const Tokenizer> tokenizer, std::size_t cache_slots = 2048)
      : cache_(std::move(tokenizer), cache_slots) {}

  /// Appends the tokens that are certain by now to `out`.
  void feed(std::string_view utf8, std::vector<Token>& out) {
    feed(utf8, out, [](std::size_t) {});
  }
  /// As above; calls after(proof) behind the tokens of each segment, with the bytes of `utf8` that it took to be sure
  /// of them.
  template <class After>
  void feed(std::string_view utf8, std::vector<Token>& out, After&& after) {
    for (std::size_t i = 0; i < utf8.size(); ++i) {
      segmenter_.feed(utf8.substr(i, 1), [&](std::string_view segment, bool raw) {
        cache_.encode(segment, raw, out);
        after(i + 1);
      });
    }
  }
  /// The text ends here (or a control token follows): appends the tokens of what is pending.
  void flush(std::vector<Token>& out);
  /// Bytes whose tokens still depend on what follows; at most Segmenter::max_segment + 3.
  std::string_view pending() const { return segmenter_.pending(); }
  /// Goes to the state of an encoder with these pending bytes.
  void restore(std::string_view pending);
  const Tokenizer& tokenizer() const { return cache_.tokenizer(); }

 private:
  Segmenter segmenter_;
  SegmentCache cache_;
};

/// Append-only. Holds back a character that is incomplete; bytes that can never become one come out as U+FFFD.
class StreamDecoder {
 public:
  /// Appends the whole characters that are certain by now to `out`.
  void feed(std::string_view bytes, std::string& out);
  /// Bytes held back (0 to 3).
  std::string_view held() const { return held_; }
  void clear() { held_.clear(); }

 private:
  std::string held_;
};

}  // namespace catena::model
