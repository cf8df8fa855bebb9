#include "app/suggest/suggester.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace catena::app;
using catena::model::Completion;
using catena::model::StopReason;
using catena::model::WordCandidate;

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
  CHECK(alternative_options(suggestion_options({"x", ""})).least_log_probability <
        suggestion_options({"x", ""}).least_log_probability);
  CHECK(alternative_options(suggestion_options({"x", "", true})).least_log_probability < -1e9);
}

TEST_CASE("the open documents are asked what they say", "[suggester]") {
  const auto options = suggestion_options({"int frame_count = 0;\nreturn frame_", ""});
  REQUIRE(!options.expected.empty());
  CHECK(options.expected[0].text == "count = 0;\n");
  CHECK(options.expected[0].probability > 0);
}

TEST_CASE("a ranker judges the candidates by what is known of them", "[suggester]") {
  const SuggestionPlace place{"int frame_count = 0;\nreturn frame_", ""};
  CHECK_FALSE(suggestion_options(place).judge);
  auto ranker = std::make_shared<WordRanker>();
  ranker->scale.fill(1);
  const auto recalled = std::find(word_feature_names.begin(), word_feature_names.end(), std::string_view("recalled"));
  ranker->linear[static_cast<std::size_t>(recalled - word_feature_names.begin())] = 3;
  const auto options = suggestion_options(place, ranker);
  REQUIRE(options.judge);
  const std::vector<WordCandidate> candidates{{"buffer", -1, -1}, {"count", -5, 0}};
  std::vector<double> probabilities(2);
  options.judge(candidates, probabilities);
  CHECK(probabilities[1] == Approx(std::exp(3) / (std::exp(3) + 1 + 1)));
  CHECK(probabilities[0] == Approx(1 / (std::exp(3) + 1 + 1)));
}
