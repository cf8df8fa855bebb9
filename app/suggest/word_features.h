// What is known of the words that may come next, as numbers: what a WordRanker goes by.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "app/suggest/recall.h"
#include "model/text/word_search.h"

namespace catena::app {

/// In the order of WordFeatures.
inline constexpr std::array word_feature_names = {
    // Of the word: the model's opinion, and how it compares with the other candidates'.
    "log_probability", "below_best", "is_best", "is_second", "rank",
    // Where it was recalled from (recall.h); all 0 if it was not.
    "recalled", "log_match", "match", "log_share", "log_odds_of_share", "most_evidence", "log_places", "log_distance",
    "match_beyond_typed",
    // Where else it stands in the open file.
    "log_occurrences", "log_nearest", "occurs_never", "occurs_once", "on_this_line", "on_line_before", "word_before",
    // What it looks like.
    "log_length", "one_byte", "two_bytes", "length", "capital", "letters", "spaces_before",
    // Of the place: the same for all its candidates, for the ranker to weigh the others by.
    "nothing_typed", "one_typed", "two_typed", "more_typed", "log_typed", "longest_match", "long_match",
    "behind_member", "behind_opening", "behind_blank", "behind_quote"};
inline constexpr std::size_t word_feature_count = word_feature_names.size();
using WordFeatures = std::array<float, word_feature_count>;

class WordEvidence {
 public:
  /// The text must last as long as this. `recalled`: what the candidates' expected texts were made of, in their order.
  WordEvidence(std::string_view before, std::string_view after, std::vector<Recalled> recalled);

  /// One row a candidate.
  void describe(std::span<const model::WordCandidate> candidates, std::vector<WordFeatures>& rows) const;
  /// Letters of the word already there.
  std::size_t typed() const { return typed_.size(); }

 private:
  std::string_view before_, after_, typed_;
  std::string_view line_, line_before_, word_before_;
  std::vector<Recalled> recalled_;
};

}  // namespace catena::app
