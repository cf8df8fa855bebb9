// A back-off trigram model of words as it stands in its file: what there are for words, and which of them follow each
// other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catena::model {

/// A word's place in the alphabetical vocabulary: words that begin alike lie side by side.
using WordId = std::uint16_t;

/// Likelihoods are bytes, see likelihood_byte(). V words, B bigrams, T trigrams.
struct NgramTables {
  std::vector<std::string> words;             ///< [V] sorted; a to z and apostrophe
  std::vector<std::uint8_t> unigram;          ///< [V + 1]; the last is that of any word that is none of them
  std::vector<std::uint8_t> unigram_backoff;  ///< [V]
  std::vector<std::uint32_t> bigrams_of;      ///< [V + 1]: where the bigrams of a first word begin
  std::vector<WordId> bigram_word;            ///< [B], rising for each first word
  std::vector<std::uint8_t> bigram;           ///< [B]
  std::vector<std::uint8_t> bigram_backoff;   ///< [B]
  std::vector<std::uint32_t> trigrams_of;     ///< [B + 1]: where the trigrams of a bigram begin
  std::vector<WordId> trigram_word;           ///< [T], rising for each bigram
  std::vector<std::uint8_t> trigram;          ///< [T]

  /// Throws WriteError.
  void save(const std::filesystem::path& path) const;
  /// Throws std::runtime_error with one line when the file is missing or damaged.
  static NgramTables load(const std::filesystem::path& path);
};

/// ln p <-> a byte: steps of 1/12 from 0 down to -21.25.
std::uint8_t likelihood_byte(double log_p);
float likelihood_of(std::uint8_t byte);

inline constexpr std::uint32_t no_ngram = ~0U;
/// Places in the tables, or no_ngram.
std::uint32_t find_word(const NgramTables& tables, std::string_view word);
std::uint32_t find_bigram(const NgramTables& tables, WordId first, WordId second);
std::uint32_t find_trigram(const NgramTables& tables, std::uint32_t bigram, WordId third);

/// ln p of `word` behind others, from the longest context that was seen; fewer behind an unknown one.
float log_likelihood(const NgramTables& tables, std::optional<WordId> before, std::optional<WordId> last, WordId word);

}  // namespace catena::model
