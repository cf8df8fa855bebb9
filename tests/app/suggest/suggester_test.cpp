#include "app/suggest/suggester.h"

#include <catch2/catch.hpp>

using namespace catena::app;
using catena::model::Completion;
using catena::model::StopReason;

namespace {

std::string shown(const std::string& text, StopReason stop, bool explicitly = false) {
  Completion completion;
  completion.text = text;
  completion.stop = stop;
  return shown_suggestion(completion, {"x = ", "", explicitly});
}

}  // namespace

TEST_CASE("a word that the longest length cut is not shown", "[suggester]") {
  CHECK(shown("keep both, o", StopReason::max_tokens) == "keep both,");
  CHECK(shown("keep both, o", StopReason::boundary) == "keep both, o");
  CHECK(shown("unfinished", StopReason::max_tokens).empty());
}

TEST_CASE("one character is suggested only to who asks", "[suggester]") {
  CHECK(shown(";", StopReason::boundary).empty());
  CHECK(shown(";", StopReason::boundary, true) == ";");
  CHECK(shown(" ) ;", StopReason::boundary) == " ) ;");
}

TEST_CASE(
    "a blank line may get a whole block, the rest of a line only a line; what is unsure is shown to who asks, for "
    "others too",
    "[suggester]") {
  using catena::model::Boundary;
  CHECK(suggestion_options({"int x;\n  ", "\n}"}).boundary == Boundary::block);
  CHECK(suggestion_options({"int x;\n  y", "\n}"}).boundary == Boundary::line);
  CHECK(suggestion_options({"x", ""}).least_log_probability > -10);
  CHECK(suggestion_options({"x", "", true}).least_log_probability < -1e9);
  CHECK(alternative_options({"x", ""}).least_log_probability < suggestion_options({"x", ""}).least_log_probability);
  CHECK(alternative_options({"x", "", true}).least_log_probability < -1e9);
}

TEST_CASE("the open documents are asked what they say", "[suggester]") {
  const auto options = suggestion_options({"int frame_count = 0;\nreturn frame_", ""});
  REQUIRE(!options.expected.empty());
  CHECK(options.expected[0].text == "count = 0;\n");
  CHECK(options.expected[0].probability > 0);
}
