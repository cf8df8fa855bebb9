// Trigrams of words as the decoder's language model: which words there are at all, and which of them follow each other.
#pragma once

#include "model/speech/lexicon.h"
#include "model/speech/ngram_tables.h"
#include "model/speech/word_model.h"

namespace catena::model {

/// A word costs a few binary searches. A word that is none of the vocabulary can be read too, at a price for each of
/// its letters; by its phones alone it is written as one that begins like it.
class NgramModel final : public WordModel {
 public:
  /// lexicon: how the words are spelled in phones; without one they are spelled in letters.
  explicit NgramModel(NgramTables tables, const Lexicon* lexicon = nullptr);

  StatePointer start() override;
  Judgement next(const StatePointer& state, std::string_view spelled) override;
  float beginning(std::string_view spelled) override;
  std::string written(std::string_view spelled) override;

 private:
  struct Spelling {
    std::string letters;
    WordId word;
  };
  struct Range {
    std::size_t begin, end;
  };
  Range beginning_with(std::string_view letters) const;
  Range exactly(std::string_view letters) const;
  std::string likeliest(Range range) const;
  double unknown(std::string_view letters) const;  // p of its letters

  NgramTables tables_;
  std::vector<Spelling> spellings_;  // sorted by letters
  std::vector<double> sums_;         // [spellings + 1]: of their unigrams' p before each
  double unknown_ = 0;               // p of a word that is none of the vocabulary
};

}  // namespace catena::model
