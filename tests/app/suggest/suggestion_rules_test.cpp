#include "app/suggest/suggestion_rules.h"

#include <catch2/catch.hpp>

using catena::app::fit_to_following;
using catena::app::on_blank_line;

TEST_CASE("what stands after the cursor is never repeated", "[rules]") {
  struct Case {
    const char *promise, *completion, *following, *shown;
  };
  const Case cases[] = {
      {"nothing follows: all of it", "total += item;", "", "total += item;"},
      {"a bracket that is there already is left out", "item.price)", ")", "item.price"},
      {"so are a bracket and what follows it", "count);", ");\n  return;", "count"},
      {"a bracket of the completion's own stays", "size(items)", ")", "size(items)"},
      {"the rest of the line is not suggested again", "total;", "total;\n", ""},
      {"nor with more behind it", "total; // sum", "total;", ""},
      {"an overlap is left out", "int count = 0;", " = 0;\n", "int count"},
      {"in the middle of a line only this line is shown", "a, b)\n  c();", ")\n", "a, b"},
      {"the next line is not suggested again", "}\nreturn total;", "\n\n  return total;\n}", "}"},
      {"a first line that is the next one is nothing", "return total;", "\nreturn total;\n", ""},
      {"white space alone is nothing", "  \n ", "", ""},
      {"white space at the end is left out", "x = 1; \n\n", "\n", "x = 1;"},
      {"a completion may begin with a new line", "\n  y();", "\n}", "\n  y();"},
  };
  for (const Case& c : cases) {
    INFO(c.promise);
    CHECK(fit_to_following(c.completion, c.following) == c.shown);
  }
}

TEST_CASE("a blank line is one with only white space around the cursor", "[rules]") {
  CHECK(on_blank_line("    ", ""));
  CHECK(on_blank_line("", "  \nnext"));
  CHECK_FALSE(on_blank_line("  x", ""));
  CHECK_FALSE(on_blank_line("  ", "}\n"));
}
