// What somebody said while a text was written, in the chain of that text; and training examples of it.
//
// The stream of a document is interrupted by what is heard, and reads on:
//   A <|user|> words that were heard <|prefix|> B
// In the examples the words are those of the text that follows, as they would be spoken and misheard, so that the model
// learns to write what was said.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/tokenizer.h"

namespace catena::model {

/// Tokens of one aside, controls included: of longer ones the end is kept.
inline constexpr std::size_t longest_aside = 64;

/// The tokens that a stream reads for what was heard; none for nothing.
std::vector<Token> spoken_aside(const Tokenizer& tokenizer, std::string_view words);

/// The words of a text as a reader of speech writes them: small letters and apostrophes, identifiers in their parts, no
/// punctuation, no digits.
std::vector<std::string> as_spoken(std::string_view text);

class SpokenAsides {
 public:
  /// mean_gap: tokens of text from one example to the next, in the mean (at least 1). Deterministic for a seed.
  SpokenAsides(std::shared_ptr<const Tokenizer> tokenizer, double mean_gap, std::uint64_t seed);

  /// Puts examples into one document and appends it to `out`. A document that contains a turn of a dialogue is left as
  /// it is, and so are examples of filling in.
  void rewrite(const std::vector<Token>& document, std::vector<Token>& out);

 private:
  std::string misheard(const std::vector<std::string>& words, const std::vector<std::string>& others);

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<bool> begins_word_;  ///< by token: its text begins with white space
  double mean_gap_;
  std::mt19937_64 random_;
};

}  // namespace catena::model
