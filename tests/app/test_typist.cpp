#include <catch2/catch.hpp>

#include "app/evaluation/typist.h"

using namespace catena::app;

namespace {

Keystrokes typed(const std::string& text, const Suggest& suggest) { return type_text(text, 0, suggest); }
const Suggest nothing = [](std::string_view) { return std::string(); };

}  // namespace

TEST_CASE("without suggestions every character is a key") {
  const Keystrokes keys = typed("int x = 1;\n", nothing);
  CHECK(keys.without == 11);
  CHECK(keys.with == 11);
  CHECK(keys.saved_percent() == 0);
}

TEST_CASE("a right word costs one key, whatever its length") {
  const std::string text = "value = something;";
  const Keystrokes keys =
      typed(text, [&](std::string_view before) { return before == "v" ? text.substr(1) : std::string(); });
  // v by hand; then "alue", " =", " something" are accepted; ";" is a single character and typed.
  CHECK(keys.accepted == 3);
  CHECK(keys.with == 1 + 3 + 1);
  CHECK(keys.without == static_cast<std::int64_t>(text.size()));
  CHECK(keys.fewest == 1 + 1);  // v, and one key for all of it
}

TEST_CASE("one key takes the first line of a suggestion, another all of it") {
  const std::string text = "ab = cd;\nef = gh;\n";
  const Keystrokes line = typed(text, [](std::string_view before) {
    return before.empty() ? std::string("ab = cd;\nef = xy;\n") : std::string();
  });
  CHECK(line.with == 3 + 1 + 2 + 5);  // "ab", " =", " cd", then ";" by hand, "\nef", " =", and " gh;\n" by hand
  CHECK(line.fewest == 1 + 2 + 5);    // the first line, "\nef", " =", and " gh;\n"
  const Keystrokes none = typed(text, nothing);
  CHECK(none.fewest == none.with);
  // A suggestion that ends inside a word of the text is taken by no key.
  const Keystrokes inside =
      typed("ab cde", [](std::string_view before) { return before.empty() ? std::string("ab cd") : std::string(); });
  CHECK(inside.fewest == inside.with);
}

TEST_CASE("a word that is right only in part is not accepted") {
  const Keystrokes keys =
      typed("abcd", [](std::string_view before) { return before.empty() ? std::string("abxy") : std::string(); });
  CHECK(keys.with == 4);
  CHECK(keys.accepted == 0);
  CHECK(keys.suggestions == 4);  // asked at every key
  CHECK(keys.shown == 1);        // no answer takes away what still agrees
  CHECK(keys.right == 0);
}

TEST_CASE("what is asked along the way replaces a suggestion only by another word") {
  const auto suggest = [](std::string_view before) -> std::string {
    if (before.empty()) return "total = 1;";
    if (before == "t") return "otal_count";       // another word
    if (before == "to") return "tal_count = 2;";  // the same: what is there stays, and so ends with the word
    return {};
  };
  const Keystrokes keys = typed("total_count = 2;", suggest);
  CHECK(keys.shown == 2);
  CHECK(keys.right == 1);
  CHECK(keys.accepted == 1);
  CHECK(keys.with == 1 + 1 + 5);
}

TEST_CASE("the start of a longer word is not the word") {
  const Keystrokes keys =
      typed("format", [](std::string_view before) { return before.empty() ? std::string("for") : std::string(); });
  CHECK(keys.accepted == 0);
  CHECK(keys.with == 6);
}

TEST_CASE("indentation that repeats the line above counts for nobody") {
  const Keystrokes keys = typed("    a\n    b\n", nothing);
  CHECK(keys.without == 4 + 2 + 2);
  CHECK(keys.with == keys.without);
}

TEST_CASE("the editor's words: the most recent longer word with the same beginning") {
  CHECK(complete_from_file("counter country cou") == "ntry");
  CHECK(complete_from_file("country counter cou") == "nter");
  CHECK(complete_from_file("counter c").empty());      // one letter is too few
  CHECK(complete_from_file("recounter cou").empty());  // inside a word does not count
  CHECK(complete_from_file("cou cou").empty());        // nothing longer
  CHECK(complete_from_file("counter. cou ").empty());  // no word begun
  CHECK(complete_from_file("counter cou", " country") == "nter");
  CHECK(complete_from_file("recounter cou", "; recount country counter") == "ntry");
}
