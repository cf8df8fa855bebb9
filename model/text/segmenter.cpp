#include "model/text/segmenter.h"

#include <cstring>

#include "model/text/utf8.h"

namespace catena::model {
namespace {

constexpr std::uint32_t sentencepiece_space = 0x2581;

bool is_ascii_letter(std::uint32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Blocks that hold punctuation, symbols and pictures; what is left outside ASCII counts as letters.
bool is_symbol_block(std::uint32_t c) {
  return (c >= 0x80 && c <= 0xBF) || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x2BFF) ||
         (c >= 0x3000 && c <= 0x3020) || (c >= 0xFE00 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF0F) || c >= 0x1F000;
}

}  // namespace

Segmenter::Class Segmenter::classify(std::uint32_t c) {
  if (c == ' ') return Class::space;
  if (c == '\t') return Class::tab;
  if (c < 0x20 || c == 0x7F || (c >= '0' && c <= '9')) return Class::alone;
  if (c < 0x80) return is_ascii_letter(c) ? Class::letter : Class::mark;
  if (c == sentencepiece_space) return Class::raw;
  return is_symbol_block(c) ? Class::mark : Class::letter;
}

void Segmenter::clear() {
  size_ = partial_ = 0;
  kind_ = Kind::none;
}

void Segmenter::ready(std::string_view segment, bool raw) {
  std::memcpy(ready_bytes_.data() + ready_size_, segment.data(), segment.size());
  ready_size_ += segment.size();
  ready_[ready_count_++] = {static_cast<std::uint8_t>(segment.size()), raw};
}

void Segmenter::finish() {
  if (size_ > 0) ready({buffer_.data(), size_}, false);
  for (std::size_t i = 0; i < partial_; ++i) ready({buffer_.data() + size_ + i, 1}, true);
  clear();
}

void Segmenter::push(char byte) {
  if (partial_ == 0 && static_cast<std::uint8_t>(byte) < 0x80) {
    character({&byte, 1}, classify(static_cast<std::uint8_t>(byte)));
    return;
  }
  buffer_[size_ + partial_++] = byte;
  const std::string_view tail(buffer_.data() + size_, partial_);
  const Utf8Character decoded = decode_utf8(tail);
  if (decoded.status == Utf8::incomplete) return;
  std::array<char, 4> copy{};
  std::memcpy(copy.data(), tail.data(), tail.size());
  if (decoded.status == Utf8::complete) {
    partial_ = 0;
    character({copy.data(), tail.size()}, classify(decoded.code_point));
  } else if (partial_ == 1) {
    finish();
  } else {  // the new byte does not belong to the character begun before it, but may begin one itself
    --partial_;
    finish();
    push(byte);
  }
}

void Segmenter::character(std::string_view bytes, Class type) {
  const bool fits = size_ + bytes.size() <= max_segment;
  const bool text = type == Class::letter || type == Class::mark;
  switch (kind_) {
    case Kind::none:
      return start(bytes, type);
    case Kind::blanks:
      if (type == Class::space && size_ < max_blanks) break;
      if (!text) {
        finish();
        return start(bytes, type);
      }
      if (size_ > 1) {
        ready({buffer_.data(), size_ - 1}, false);
        size_ = 1;
      }
      kind_ = type == Class::letter ? Kind::word : Kind::marks;
      break;
    case Kind::tabs:
      if (type == Class::tab && size_ < max_blanks) break;
      finish();
      return start(bytes, type);
    case Kind::mark:
    case Kind::marks:
    case Kind::word: {
      const bool goes_on =
          (type == Class::letter && kind_ != Kind::marks) || (type == Class::mark && kind_ != Kind::word);
      if (!goes_on || !fits) {
        finish();
        return start(bytes, type);
      }
      kind_ = type == Class::letter ? Kind::word : Kind::marks;
      break;
    }
  }
  std::memcpy(buffer_.data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void Segmenter::start(std::string_view bytes, Class type) {
  switch (type) {
    case Class::alone:
      return ready(bytes, false);
    case Class::raw:
      return ready(bytes, true);
    case Class::space:
      kind_ = Kind::blanks;
      break;
    case Class::tab:
      kind_ = Kind::tabs;
      break;
    case Class::mark:
      kind_ = Kind::mark;
      break;
    case Class::letter:
      kind_ = Kind::word;
      break;
  }
  std::memcpy(buffer_.data(), bytes.data(), bytes.size());
  size_ = bytes.size();
}

}  // namespace catena::model
