// Training examples for filling in: now and then the tokens around a gap are told in another order (Bavarian et al.
// 2022, "Efficient Training of Language Models to Fill in the Middle").
//
// A stream reads on for ever, so an example must not tear it apart. Where the text is A M B, the stream reads
//   A <|suffix|> beginning of B <|middle|> M <|prefix|> B
// and so learns to look ahead at what stands after the cursor, to write what is missing, to say where that ends, and to
// read on.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "model/text/tokenizer.h"

namespace catena::model {

/// Tokens of the text after a gap that are shown before it: the most that filling in looks ahead.
inline constexpr int longest_following = 64;

class FillInMiddle {
 public:
  /// mean_gap: tokens of text from one example to the next, in the mean (at least 1). Deterministic for a seed.
  FillInMiddle(std::shared_ptr<const Tokenizer> tokenizer, double mean_gap, std::uint64_t seed);

  /// Puts examples into one document and appends it to `out`. A document that contains a turn of a dialogue is left as
  /// it is.
  void rewrite(const std::vector<Token>& document, std::vector<Token>& out);

 private:
  std::size_t middle_length(const std::vector<Token>& document, std::size_t begin);

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<bool> ends_line_;  ///< by token: its text contains a line's end
  double mean_gap_;
  std::mt19937_64 random_;
};

}  // namespace catena::model
