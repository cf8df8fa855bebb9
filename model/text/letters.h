// What counts as a word and as white space where text is completed, byte by byte.
#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

namespace catena::model {

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
/// Letters of any alphabet, digits and underscores; bytes of multi-byte characters count as letters.
inline bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}
/// Nothing but white space, or nothing at all.
inline bool is_blank(std::string_view text) { return std::all_of(text.begin(), text.end(), is_space); }

}  // namespace catena::model
