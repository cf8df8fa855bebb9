// What a speech reader writes: letters or phones, the space between words, and CTC's blank.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace catena::model {

using Symbol = std::uint8_t;

inline constexpr Symbol kBlank = 0;
inline constexpr Symbol kSpace = 1;
inline constexpr int kSymbols = 29;       ///< of a reader that writes letters: blank, space, a to z, apostrophe
inline constexpr int kPhoneSymbols =
    41;  ///< of one that writes phones: blank, space, and 39 phones, which are called a to z, ', 0 to 9, +, -

/// 'a' -> its symbol; kBlank for what has none.
Symbol symbol_of(char letter);
/// '\0' for kBlank.
char letter_of(Symbol symbol);

/// A transcript as symbols. Letters are lowered, every other run of characters but the apostrophe becomes one space;
/// none at either end.
std::vector<Symbol> to_symbols(std::string_view text);
std::string to_text(std::span<const Symbol> symbols);

}  // namespace catena::model
