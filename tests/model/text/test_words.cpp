#include "model/text/words.h"

#include <catch2/catch.hpp>

using namespace catena::model;

TEST_CASE("next_word takes white space and a word, or white space and a run of signs") {
  CHECK(next_word("foo_1 = 2") == "foo_1");
  CHECK(next_word(" foo(x)") == " foo");
  CHECK(next_word("->bar") == "->");
  CHECK(next_word("\n  x") == "\n  x");
  CHECK(next_word("") == "");
}

TEST_CASE("last_word is what is typed of a word") {
  CHECK(last_word("x = foo_1") == "foo_1");
  CHECK(last_word("grö") == "grö");
  CHECK(last_word("x = ").empty());
  CHECK(last_word("").empty());
}
