// Cuts a stream of bytes into short segments that are tokenized one by one. Where a cut falls depends only on
// the bytes, never on how they were split into feed() calls, so streaming gives the tokens of the whole text.
//
//   word      an optional space or one punctuation mark, then letters and underscores   " size"  ".size"  "size"
//   marks     an optional space, then a run of punctuation                              " ->"  ");"
//   blanks    a run of spaces, less the last one when a word or mark follows             "   "
//   tabs      a run of tabs
//   alone     one newline, one digit, one other control character
//   raw       a byte that is not UTF-8, or U+2581 (which SentencePiece uses for a space)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace catena::model {

class Segmenter {
 public:
  static constexpr std::size_t max_segment = 48;  ///< bytes
  static constexpr std::size_t max_blanks = 16;   ///< spaces or tabs in one segment

  /// Receives (std::string_view segment, bool raw); the view is valid during the call only.
  /// A segment is handed over as soon as the next character proves that it has ended.
  template <class Emit>
  void feed(std::string_view bytes, Emit&& emit) {
    for (const char byte : bytes) {
      push(byte);
      drain(emit);
    }
  }

  /// Hands over what is pending: the text ends here.
  template <class Emit>
  void flush(Emit&& emit) {
    finish();
    drain(emit);
  }

  /// Bytes fed and not yet handed over. Feeding them to a fresh segmenter gives this one's state.
  std::string_view pending() const { return {buffer_.data(), size_ + partial_}; }
  void clear();

 private:
  enum class Kind : std::uint8_t { none, blanks, tabs, mark, marks, word };
  enum class Class : std::uint8_t { space, tab, alone, letter, mark, raw };

  static Class classify(std::uint32_t code_point);
  void push(char byte);
  void character(std::string_view bytes, Class type);
  void start(std::string_view bytes, Class type);
  void ready(std::string_view segment, bool raw);
  void finish();
  template <class Emit>
  void drain(Emit&& emit) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < ready_count_; ++i) {
      emit(std::string_view(ready_bytes_.data() + at, ready_[i].bytes), ready_[i].raw);
      at += ready_[i].bytes;
    }
    ready_count_ = 0;
    ready_size_ = 0;
  }

  struct Ready {
    std::uint8_t bytes;
    bool raw;
  };

  // One byte completes at most: the pending segment, three raw bytes and one segment of its own.
  std::array<char, max_segment + 4> buffer_{};
  std::array<char, max_segment + 8> ready_bytes_{};
  std::array<Ready, 6> ready_{};
  std::size_t size_ = 0;     // bytes of whole characters in buffer_
  std::size_t partial_ = 0;  // bytes of an unfinished character behind them
  std::size_t ready_size_ = 0;
  std::size_t ready_count_ = 0;
  Kind kind_ = Kind::none;
};

}  // namespace catena::model
