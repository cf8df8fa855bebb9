#include "app/suggest/word_features.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

using namespace catena::app;
using catena::model::WordCandidate;

namespace {

float value(const WordFeatures& row, std::string_view name) {
  const auto place = std::find(word_feature_names.begin(), word_feature_names.end(), name);
  REQUIRE(place != word_feature_names.end());
  return row[static_cast<std::size_t>(place - word_feature_names.begin())];
}

std::vector<WordFeatures> features(std::string_view before, std::string_view after,
                                   const std::vector<WordCandidate>& candidates) {
  std::vector<WordFeatures> rows;
  WordEvidence(before, after, recall(before, after)).describe(candidates, rows);
  return rows;
}

}  // namespace

TEST_CASE("What is recalled, what the model says and what the file holds are told of each word", "[features]") {
  const std::string before = "int frame_count = 0;\nint total = frame_count;\nint fr";
  const auto recalled = recall(before, {});
  REQUIRE(recalled.size() == 1);
  const auto rows = features(before, {}, {{"ame_count", -2.0, 0}, {"om", -1.0, -1}});
  REQUIRE(rows.size() == 2);
  CHECK(value(rows[0], "log_probability") == -2);
  CHECK(value(rows[0], "below_best") == -1);
  CHECK(value(rows[0], "is_best") == 0);
  CHECK(value(rows[0], "is_second") == 1);
  CHECK(value(rows[1], "is_best") == 1);

  CHECK(value(rows[0], "recalled") == 1);
  CHECK(value(rows[0], "log_match") == Approx(std::log2(static_cast<double>(recalled[0].match))));
  CHECK(value(rows[0], "log_places") == Approx(std::log1p(recalled[0].places)));
  CHECK(value(rows[0], "most_evidence") == 1);
  for (const char* name :
       {"recalled", "log_match", "match", "log_share", "most_evidence", "log_places", "match_beyond_typed"}) {
    CHECK(value(rows[1], name) == 0);
  }

  CHECK(value(rows[0], "log_occurrences") == Approx(std::log1p(2)));  // as a whole word, the typed letters with it
  CHECK(value(rows[0], "on_line_before") == 1);
  CHECK(value(rows[0], "on_this_line") == 0);
  CHECK(value(rows[1], "occurs_never") == 1);
  CHECK(value(rows[0], "log_length") == Approx(std::log(9)));
  for (const WordFeatures& row : rows) {
    CHECK(value(row, "two_typed") == 1);
    CHECK(value(row, "nothing_typed") == 0);
    CHECK(value(row, "behind_blank") == 1);
  }
}

TEST_CASE("A word that only begins like another one is none of its places", "[features]") {
  const auto rows = features("frame_counts frame_count2 xframe_count; ", " frame_count(",
                             {{"frame_count", -1.0, -1}, {" frame_count", -1.0, -1}});
  CHECK(value(rows[0], "occurs_once") == 1);  // behind the cursor
  CHECK(value(rows[1], "occurs_once") == 1);  // white space before it is not of the word
  CHECK(value(rows[1], "spaces_before") == 1);
}

TEST_CASE("Signs, empty words and the beginning of a file have features as well", "[features]") {
  for (const std::string_view before : {"", "\n", "x", "é", "a.", "f(", "s = \""}) {
    for (const WordFeatures& row : features(before, "", {{"(", -1.0, -1}, {"", -3.0, -1}, {"\n  x", -2.0, -1}})) {
      for (const float number : row) CHECK(std::isfinite(number));
    }
  }
  CHECK(value(features("a.", "", {{"b", -1, -1}})[0], "behind_member") == 1);
  CHECK(value(features("f(b", "", {{"c", -1, -1}})[0], "behind_opening") == 1);  // the typed letters are of the word
  CHECK(value(features("s = \"", "", {{"c", -1, -1}})[0], "behind_quote") == 1);
  CHECK(value(features("size size.", "", {{"size", -1, -1}})[0], "word_before") == 1);
}
