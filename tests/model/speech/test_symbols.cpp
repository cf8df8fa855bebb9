#include <catch2/catch.hpp>

#include "model/speech/symbols.h"

using namespace catena::model;

TEST_CASE("a transcript goes to symbols and back, lowered and with single spaces") {
  CHECK(to_text(to_symbols("It's  a\tTEST, isn't it?")) == "it's a test isn't it");
  CHECK(to_symbols("  ").empty());
  CHECK(to_text(to_symbols("")).empty());
}

TEST_CASE("every symbol but the blank is a letter of its own") {
  for (Symbol symbol = 1; symbol < kSymbols; ++symbol) CHECK(symbol_of(letter_of(symbol)) == symbol);
  CHECK(letter_of(kBlank) == '\0');
  CHECK(symbol_of('?') == kBlank);
}
