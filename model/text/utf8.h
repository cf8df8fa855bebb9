// Strict UTF-8, one character at a time: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace catena::model {

enum class Utf8 { complete, incomplete, invalid };

struct Utf8Character {
  Utf8 status = Utf8::invalid;
  std::size_t bytes = 0;         ///< of a complete character; else the bytes that could still begin one
  std::uint32_t code_point = 0;  ///< of a complete character
};

/// Looks at the first character of `bytes` (at least one byte).
Utf8Character decode_utf8(std::string_view bytes);

/// How many bytes at the end of `bytes` begin a character that is not complete yet (0 to 3).
std::size_t incomplete_tail(std::string_view bytes);

}  // namespace catena::model
