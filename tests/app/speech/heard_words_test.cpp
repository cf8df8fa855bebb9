#include "app/speech/heard_words.h"

#include <catch2/catch.hpp>

using namespace catena;
using app::HeardWords;
using model::SpokenWord;

namespace {

/// Words of four letters, of which so many are heard.
std::vector<SpokenWord> words(std::initializer_list<float> heard) {
  std::vector<SpokenWord> result;
  for (const float letters : heard) result.push_back({"word", 0, 400, 4, letters, 0.5F});
  return result;
}

}  // namespace

TEST_CASE("words whose letters are heard are kept, once there are enough of them or the utterance ends") {
  HeardWords heard;
  CHECK(heard.settle(words({3}), false).empty());
  CHECK(heard.open(words({3})).size() == 2);  // the held word is still shown as one that may change
  CHECK(heard.settle(words({2}), false).size() == 2);
  CHECK(heard.open({}).empty());
  CHECK(heard.settle(words({2}), true).size() == 1);
}

TEST_CASE("words that nothing is heard of are dropped and not shown") {
  HeardWords heard;
  CHECK(heard.open(words({0.5F, 1})).empty());
  CHECK(heard.settle(words({0, 1, 0.5F, 0.5F, 1}), false).empty());
  CHECK(heard.settle(words({0.5F}), true).empty());
  CHECK(heard.open({}).empty());
}

TEST_CASE("one word that is only guessed stays among others that are heard") {
  HeardWords heard;
  CHECK(heard.settle(words({0.5F, 4}), false).size() == 2);
}

TEST_CASE("noise before speech costs no word of it") {
  HeardWords heard;
  CHECK(heard.settle(words({0.5F, 0.5F}), false).empty());
  CHECK(heard.settle(words({3, 4}), true).size() == 2);
}

TEST_CASE("what is held does not grow with the noise") {
  HeardWords heard;
  for (int i = 0; i < 1000; ++i) {
    CHECK(heard.settle(words({0}), false).empty());
    CHECK(heard.open(words({4, 4})).size() <= 3);
  }
}
