#include "app/session/text_mirror.h"

#include <catch2/catch.hpp>
#include <random>

using catena::app::TextMirror;

namespace {
std::string all(const TextMirror& mirror) { return mirror.substr(0, mirror.size()); }
}  // namespace

TEST_CASE("after any edits the mirror holds the editor's text", "[mirror]") {
  std::mt19937 random(3);
  std::string text = "the text at the beginning";
  TextMirror mirror(text);
  for (int i = 0; i < 2000; ++i) {
    const std::size_t at = random() % (text.size() + 1);
    const std::size_t removed = random() % std::min<std::size_t>(text.size() - at + 1, 20);
    const std::string inserted(random() % 12, static_cast<char>('a' + random() % 26));
    text.replace(at, removed, inserted);
    REQUIRE(mirror.replace(at, removed, inserted) == removed);
    if (i % 50 != 0) continue;
    REQUIRE(all(mirror) == text);
    const std::size_t begin = random() % (text.size() + 1), end = begin + random() % (text.size() - begin + 1);
    CHECK(mirror.substr(begin, end) == text.substr(begin, end - begin));
    for (std::size_t j = begin; j < end; ++j) REQUIRE(mirror.at(j) == text[j]);
    CHECK(mirror.prefix_hash(end) == TextMirror(text.substr(0, end)).prefix_hash(end));
  }
}

TEST_CASE("an edit outside the text is brought inside", "[mirror]") {
  TextMirror mirror("abc");
  CHECK(mirror.replace(2, 100, "x") == 1);
  CHECK(all(mirror) == "abx");
  CHECK(mirror.replace(50, 1, "y") == 0);
  CHECK(all(mirror) == "abxy");
}

TEST_CASE("the fingerprint tells texts apart", "[mirror]") {
  const TextMirror a("one two"), b("one twO");
  CHECK(a.prefix_hash(6) == b.prefix_hash(6));
  CHECK(a.prefix_hash(7) != b.prefix_hash(7));
  CHECK(a.prefix_hash(6) != a.prefix_hash(7));
}
