#include "app/suggest/recall.h"

#include <catch2/catch.hpp>

using namespace catena::app;

namespace {

std::string best(std::string_view before, std::string_view after = {}) {
  const std::vector<Recalled> found = recall(before, after);
  return found.empty() ? std::string() : found.front().text;
}

}  // namespace

TEST_CASE("A half-typed word recalls the words of the document that begin with it", "[recall]") {
  const std::string text = "int frame_count = 0;\nint frame_width = 1;\n";
  CHECK(best(text + "x = frame_c") == "ount = 0;\n");
  CHECK(best(text + "x = frame_w") == "idth = 1;\n");
  CHECK(best(text + "x = ame_w").empty());  // it begins no word of the document
}

TEST_CASE("The last part of a compound name recalls the names that have it", "[recall]") {
  const std::string text = "openConnection(host);\nint frame_width = 1;\n";
  CHECK(best(text + "closeConn") == "ection(host);\n");
  CHECK(best(text + "const conn") == "ection(host);\n");  // whatever the case of its first letter
  CHECK(best(text + "image_wi") == "dth = 1;\n");
  CHECK(recall(text + "closeConn", {}).front().match == 4);
  CHECK(best(text + "closeC").empty());     // one letter says too little
  CHECK(best(text + "closeCONN").empty());  // only the first letter may differ
  CHECK(best(text + "enconn").empty());     // no part begins there
  // A name that begins with all that is typed comes before one that only has its last part.
  CHECK(best("closeConnecting = 1;\nopenConnection();\nopenConnection();\ncloseConn") == "ecting = 1;\n");
}

TEST_CASE("The longest same text before the cursor counts most", "[recall]") {
  const std::string text = "list.push_back(a);\nlist.push_back(a);\nqueue.push_front(b);\n";
  CHECK(best(text + "list.push_") == "back(a);\n");
  CHECK(best(text + "queue.push_") == "front(b);\n");
}

TEST_CASE("Without a typed letter what followed the same words is recalled, line breaks included", "[recall]") {
  const std::string text = "if (!file) {\n  return error;\n}\n\n";
  CHECK(best(text + "if (!file) {\n") == "  return error;\n");
  CHECK(best(text + "if (!") == "file) {\n");
}

TEST_CASE("Text below the cursor is recalled too", "[recall]") {
  CHECK(best("void f() { my_l", " }\nvoid my_long_name();\n") == "ong_name();\n");
}

TEST_CASE("Other documents are recalled, and count less than the open one", "[recall]") {
  const std::vector<std::string_view> elsewhere{"void resize_window(int width);\n"};
  const auto found = [&](std::string_view before) {
    const std::vector<Recalled> all = recall(before, {}, elsewhere);
    return all.empty() ? std::string() : all.front().text;
  };
  CHECK(found("resize_w") == "indow(int width);\n");
  CHECK(found("resize_widget();\nresize_w") == "idget();\n");
}

TEST_CASE("Continuations differ in their first word; their shares are those of one whole", "[recall]") {
  const auto found = recall("call(alpha);\ncall(alpha);\ncall(beta);\ncall(", {});
  REQUIRE(found.size() == 2);
  CHECK(found[0].text == "alpha);\n");
  CHECK(found[1].text == "beta);\n");
  CHECK(found[0].share + found[1].share == Approx(1));
  CHECK(found[0].share > found[1].share);
  CHECK(found[0].places == 2);
  CHECK(found[1].places == 1);
  CHECK(found[0].distance == std::string_view("alpha);\ncall(beta);\ncall(").size());
  CHECK(found[1].distance == std::string_view("beta);\ncall(").size());
}

TEST_CASE("Nothing is recalled from nothing", "[recall]") {
  CHECK(recall("", "").empty());
  CHECK(recall("x", "").empty());
  CHECK(recall("ab", "").empty());
  CHECK(recall("   ", "   ").empty());
}

TEST_CASE("A longer match and a larger share are more likely right", "[recall]") {
  const auto p = [](std::size_t match, double share, std::size_t typed) {
    return recall_probability({"x", match, share}, typed);
  };
  CHECK(p(20, 0.9, 0) > p(4, 0.9, 0));
  CHECK(p(8, 0.9, 2) > p(8, 0.3, 2));
  for (const std::size_t match : {1, 8, 64})
    for (const double share : {0.0, 0.5, 1.0}) {
      CHECK(p(match, share, 1) > 0);
      CHECK(p(match, share, 1) < 1);
    }
}

TEST_CASE("A recalled text ends with its line, or before a word where the line is long", "[recall]") {
  std::string long_line = "value = ";
  while (long_line.size() < 400) long_line += "größe ";
  const std::string found = best(long_line + "\nvalue = gr");
  CHECK(found.size() <= 120);
  CHECK(found.size() > 100);
  CHECK(found.back() == ' ');
}
