#include <catch2/catch.hpp>
#include <string>

#include "model/text/boundary.h"

using namespace catena::model;

namespace {

LineStart cursor(std::string_view line) {
  LineStart start;
  start.read(line);
  return start;
}

std::string cut(Boundary boundary, std::string_view line, const std::string& text) {
  const auto end = find_boundary(boundary, cursor(line), text);
  return end ? text.substr(0, *end) : "(goes on)";
}

}  // namespace

TEST_CASE("A line ends at its newline, but not before it says something") {
  CHECK(cut(Boundary::line, "x = ", "1;\ny") == "1;");
  CHECK(cut(Boundary::line, "x = ", "1;") == "(goes on)");
  CHECK(cut(Boundary::line, "{", "\n    return 1;\n}") == "\n    return 1;");
  CHECK(cut(Boundary::none, "x", "1;\ny\n") == "(goes on)");
}

TEST_CASE("A statement goes on inside brackets and ends behind a semicolon or a sentence") {
  CHECK(cut(Boundary::statement, "call", "(a,\n     b);\nnext") == "(a,\n     b);");
  CHECK(cut(Boundary::statement, "for ", "(i = 0; i < n; ++i) {\n") == "(i = 0; i < n; ++i) {");
  CHECK(cut(Boundary::statement, "The list", " is long. It has") == " is long.");
  CHECK(cut(Boundary::statement, "x", " = 1.5 + y") == "(goes on)");
}

TEST_CASE("A block is what is indented deeper, with its closing bracket") {
  CHECK(cut(Boundary::block, "  if (a) {", "\n    b();\n\n    c();\n  }\n  d();") == "\n    b();\n\n    c();\n  }");
  CHECK(cut(Boundary::block, "def f():", "\n    return 1\n\ndef g():\n") == "\n    return 1");
  CHECK(cut(Boundary::block, "    ", "a()\n    b()\nc()") == "a()\n    b()");
  CHECK(cut(Boundary::block, "\tx = ", "1;\n\ty = 2;\n") == "1;");
  CHECK(cut(Boundary::block, "if (a) {", "\n  b();\n") == "(goes on)");
}

TEST_CASE("The cursor's line is known for any split of the text before it") {
  const std::string text = "if (x)\n\t  return  y;\n   ";
  LineStart pieces;
  for (const char c : text) pieces.read(std::string_view(&c, 1));
  CHECK(pieces == cursor(text));
  CHECK(pieces.indentation == 3);
  CHECK(pieces.blank);
  CHECK(cursor("a\n\t  b").indentation == 6);
}
