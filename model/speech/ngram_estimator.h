// Estimates a trigram model of words from running text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/speech/ngram_tables.h"

namespace catena::model {

/// Interpolated Kneser-Ney (Kneser, Ney 1995; Chen, Goodman 1999, "An empirical study of smoothing techniques for
/// language modeling"), one discount an order; rare n-grams are left out at the end and their mass goes to the shorter
/// ones. Memory: 8 bytes a word of text.
class NgramEstimator {
 public:
  /// Throws std::invalid_argument for more than 65 534 words.
  explicit NgramEstimator(std::vector<std::string> vocabulary);
  NgramEstimator(const NgramEstimator&) = delete;
  NgramEstimator& operator=(const NgramEstimator&) = delete;

  /// Words separated by white space. One that is not in the vocabulary counts as unknown; one that is not made of a to
  /// z and apostrophes is nothing that is said. Behind either the context begins anew.
  void add(std::string_view text);
  /// Only bigrams behind so many different words, and trigrams counted so often, are kept.
  NgramTables estimate(std::uint32_t least_bigram, std::uint32_t least_trigram);

 private:
  std::vector<std::string> words_;  // sorted
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::vector<std::uint64_t> trigrams_;
};

}  // namespace catena::model
