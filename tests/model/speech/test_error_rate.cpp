#include <catch2/catch.hpp>

#include "model/speech/error_rate.h"

using namespace catena::model;

TEST_CASE("errors are the fewest insertions, deletions and substitutions") {
  CHECK(word_errors("a b c", "a b c").errors == 0);
  CHECK(word_errors("a b c", "a x c").errors == 1);
  CHECK(word_errors("a b c", "b c").errors == 1);
  CHECK(word_errors("a b c", "a b b c c").errors == 2);
  CHECK(word_errors("a b c", "").percent() == Approx(100));
  CHECK(word_errors("", "a b").errors == 2);
  CHECK(word_errors("", "").percent() == 0);
  CHECK(character_errors("kitten", "sitting").errors == 3);
}

TEST_CASE("rates of several texts are weighed by their lengths") {
  Errors sum = word_errors("a b c d", "a b c d");
  sum += word_errors("x", "y");
  CHECK(sum.percent() == Approx(20));
}
