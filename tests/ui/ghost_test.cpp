// The suggestion as plain data, and where its lines are drawn.
#include <catch2/catch.hpp>

#include "ui/editor/ghost_layout.h"
#include "ui/editor/ghost_model.h"

using namespace catena::ui;

namespace {

Suggestion answerTo(quint64 request, int position, const QStringList& alternatives) {
  Suggestion s;
  s.request = request;
  s.byte_position = position;
  s.alternatives = alternatives;
  return s;
}

GhostModel shown(const QStringList& alternatives, int position = 10) {
  GhostModel ghost;
  ghost.asked(1, position);
  REQUIRE(ghost.offer(answerTo(1, position, alternatives)));
  return ghost;
}

}  // namespace

TEST_CASE("an answer to an older question, or for another place, is ignored") {
  GhostModel ghost;
  ghost.asked(1, 10);
  ghost.edited(10, {}, "x");
  ghost.asked(2, 11);
  CHECK_FALSE(ghost.offer(answerTo(1, 10, {"xyz"})));
  CHECK_FALSE(ghost.offer(answerTo(2, 40, {"xyz"})));
  CHECK_FALSE(ghost.visible());
  CHECK(ghost.offer(answerTo(2, 11, {"yz"})));
  CHECK(ghost.text() == "yz");
}

TEST_CASE("typing what is suggested shrinks it, taking it back grows it again") {
  GhostModel ghost = shown({"hello world"});
  CHECK(ghost.edited(10, {}, "hel"));
  CHECK(ghost.text() == "lo world");
  CHECK(ghost.caret() == 13);
  CHECK(ghost.edited(12, "l", {}));
  CHECK(ghost.text() == "llo world");
}

TEST_CASE("typing something else drops it") {
  GhostModel ghost = shown({"hello"});
  CHECK(ghost.edited(10, {}, "x"));
  CHECK_FALSE(ghost.visible());
}

TEST_CASE("an edit elsewhere drops it") {
  GhostModel ghost = shown({"hello"});
  CHECK(ghost.edited(3, {}, "x"));
  CHECK_FALSE(ghost.visible());
}

TEST_CASE("typing moves on to another alternative that fits") {
  GhostModel ghost = shown({"alpha", "beta", "better"});
  CHECK(ghost.alternatives() == 3);
  ghost.edited(10, {}, "be");
  CHECK(ghost.text() == "ta");
  CHECK(ghost.alternatives() == 2);
  CHECK(ghost.cycle(1));
  CHECK(ghost.text() == "tter");
  CHECK(ghost.cycle(1));
  CHECK(ghost.text() == "ta");
  CHECK(ghost.cycle(-1));
  CHECK(ghost.text() == "tter");
}

TEST_CASE("an answer that comes after more of it was typed still fits") {
  GhostModel ghost;
  ghost.asked(1, 5);
  ghost.edited(5, {}, "he");
  CHECK(ghost.offer(answerTo(1, 5, {"other", "hello"})));
  CHECK(ghost.text() == "llo");
}

TEST_CASE("an answer asked for along the way replaces what is shown only by another word") {
  GhostModel ghost = shown({"hello world", "help"});
  ghost.edited(10, {}, "he");
  ghost.asked(2, 12);
  CHECK(ghost.text() == "llo world");
  CHECK_FALSE(ghost.offer(answerTo(2, 12, {"llo there", "ap"})));
  CHECK(ghost.text() == "llo world");
  CHECK(ghost.alternatives() == 3);
  ghost.edited(12, {}, "l");
  ghost.asked(3, 13);
  ghost.edited(13, {}, "l");                                   // typed before the answer came
  CHECK(ghost.offer(answerTo(3, 13, {"p", "loween", "lo"})));  // what no longer fits is passed over
  CHECK(ghost.text() == "oween");
  ghost.edited(13, "l", {});
  CHECK(ghost.text() == "loween");
  ghost.edited(11, "el", {});
  CHECK(ghost.text() == "elloween");  // also in front of where it was asked for
}

TEST_CASE("words and lines are taken piece by piece") {
  GhostModel ghost = shown({"foo(bar);\n    next_line = 1;"});
  CHECK(ghost.nextWord() == "foo");
  CHECK(ghost.nextLine() == "foo(bar);");
  ghost.edited(10, {}, "foo");
  CHECK(ghost.nextWord() == "(");
  ghost.edited(13, {}, "(bar);");
  CHECK(ghost.nextWord() == "\n    next_line");
  CHECK(ghost.nextLine() == "\n    next_line = 1;");
}

TEST_CASE("words of other scripts are taken whole") {
  CHECK(shown({"żółw łódź"}).nextWord() == "żółw");
  CHECK(shown({" 漢字かな!"}).nextWord() == " 漢字かな");
}

TEST_CASE("a suggestion with plain line ends agrees with typed Windows line ends") {
  GhostModel ghost = shown({"a\nb"});
  ghost.edited(10, {}, "a\r\n");
  CHECK(ghost.text() == "b");
  CHECK(ghost.caret() == 13);
}

TEST_CASE("equal alternatives are offered once") { CHECK(shown({"a", "a", "b"}).alternatives() == 2); }

namespace {
GhostGeometry geometry() {
  GhostGeometry g;
  g.caret_x = 100;
  g.caret_y = 20;
  g.text_left = 30;
  g.line_end_x = 100;
  g.line_height = 10;
  g.view_width = 600;
  g.view_height = 400;
  g.width = [](const QString& text) { return 8 * static_cast<int>(text.size()); };
  return g;
}
}  // namespace

TEST_CASE("a suggestion at the end of the text lies where it will be inserted") {
  const GhostPlacement p = placeGhost({"one", "  two", "three"}, geometry());
  REQUIRE(p.lines.size() == 3);
  CHECK(p.lines[0].x == 100);
  CHECK(p.lines[1].x == 30);
  CHECK(p.lines[1].y == 30);
  CHECK(p.lines[2].y == 40);
  CHECK(p.bar_x < 0);
}

TEST_CASE("no line of a suggestion covers real text") {
  GhostGeometry g = geometry();
  g.below_end_x = {30, 250, 90};
  const GhostPlacement p = placeGhost({"one", "two", "three", "four"}, g);
  REQUIRE(p.lines.size() == 4);
  for (std::size_t i = 1; i < p.lines.size(); ++i) CHECK(p.lines[i].x > 250);
  CHECK(p.bar_x > 250);
}

TEST_CASE("before real text the suggestion follows the end of the line") {
  GhostGeometry g = geometry();
  g.rest_is_blank = false;
  g.line_end_x = 300;
  const GhostPlacement p = placeGhost({"arg"}, g);
  REQUIRE(p.lines.size() == 1);
  CHECK(p.lines[0].x > 300);
  CHECK(p.lines[0].text.endsWith("arg"));
}

TEST_CASE("where there is no room the further lines are counted") {
  GhostGeometry g = geometry();
  g.below_end_x = {580, 20};
  const GhostPlacement p = placeGhost({"one", "a long second line", "three"}, g);
  REQUIRE(p.lines.size() == 1);
  CHECK(p.hidden_lines == 2);
  CHECK(p.lines[0].text == "one  +2 lines");

  g = geometry();
  g.view_height = 45;  // room for one line below
  const GhostPlacement cut = placeGhost({"one", "two", "three"}, g);
  REQUIRE(cut.lines.size() == 2);
  CHECK(cut.lines[1].text == "two  +1 line");
}
