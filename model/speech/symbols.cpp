#include "model/speech/symbols.h"

namespace catena::model {
namespace {

constexpr std::string_view kLetters(" abcdefghijklmnopqrstuvwxyz'0123456789+-");
static_assert(kLetters.size() + 1 == kPhoneSymbols);

}  // namespace

Symbol symbol_of(char letter) {
  const std::size_t at = kLetters.find(letter);
  return at == std::string_view::npos ? kBlank : static_cast<Symbol>(at + 1);
}

char letter_of(Symbol symbol) { return symbol == kBlank || symbol >= kPhoneSymbols ? '\0' : kLetters[symbol - 1U]; }

std::vector<Symbol> to_symbols(std::string_view text) {
  std::vector<Symbol> symbols;
  for (const char c : text) {
    Symbol symbol = symbol_of(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    if (symbol == kBlank || symbol >= kSymbols) symbol = kSpace;
    if (symbol == kSpace && (symbols.empty() || symbols.back() == kSpace)) continue;
    symbols.push_back(symbol);
  }
  if (!symbols.empty() && symbols.back() == kSpace) symbols.pop_back();
  return symbols;
}

std::string to_text(std::span<const Symbol> symbols) {
  std::string text;
  for (const Symbol symbol : symbols) {
    if (const char letter = letter_of(symbol); letter != '\0') text.push_back(letter);
  }
  return text;
}

}  // namespace catena::model
