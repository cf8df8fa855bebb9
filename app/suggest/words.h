// What counts as a word where text is completed: letters of any alphabet, digits and underscores.
#pragma once

#include <cctype>
#include <string_view>

namespace catena::app {

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
/// Bytes of a word; bytes of multi-byte characters count as letters.
inline bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

/// The next word of a suggestion: white space before it included, then letters, digits and underscores, or else one run of
/// other characters. This is what Ctrl+Right accepts.
std::string_view next_word(std::string_view suggestion);
/// The word characters at the end of a text: what is typed of a word.
std::string_view last_word(std::string_view text);

}  // namespace catena::app
