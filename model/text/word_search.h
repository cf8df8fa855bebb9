// What the next word may be: the model's likeliest whole words, and the words that others expect, judged side by side.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/continuation.h"
#include "model/text/expected_text.h"
#include "model/text/sampling.h"

namespace catena::model {

/// A word that may come next, or another sign if no word does: what ends with no letter is a token and no more.
struct WordCandidate {
  std::string_view text;       ///< behind the typed letters
  double log_probability = 0;  ///< by the model: that it comes, and ends there
  int expected = -1;           ///< which of the expected texts begins with it, the first of them; -1: none
};

/// Fills in how probable each candidate is; together at most 1, since something else may come.
using WordJudge = std::function<void(std::span<const WordCandidate> candidates, std::span<double> probabilities)>;

/// The model and the expected texts as a mixture: what is used when nobody else judges.
void judge_as_mixture(std::span<const ExpectedText> expected, std::span<const WordCandidate> candidates,
                      std::span<double> probabilities);

/// Keeps its memory from one search to the next. One thread at a time.
class WordSearch {
 public:
  struct Word {
    std::string text;  ///< behind the typed letters
    std::vector<Token> tokens;
    bool ends = false;           ///< it is a word, and all of it: no letter follows
    double log_probability = 0;  ///< by the model
    int expected = -1;           ///< as in WordCandidate
    double probability = 0;      ///< as it was judged
    double worth = 0;            ///< by which they are sorted: a longer word saves more keys
  };

  explicit WordSearch(std::shared_ptr<const Tokenizer> tokenizer);

  /// The words that are worth most behind what `continuation` has begun with, at most `wanted`, best first;
  /// `continuation` stands where it stood. Without a judge the model and the expected texts are a mixture. Valid until
  /// the next call.
  std::span<const Word* const> find(Continuation& continuation, Sampler& sampler,
                                    std::span<const ExpectedText> expected, const WordJudge& judge, std::size_t wanted,
                                    const std::stop_token& stop);

  /// Forbids the tokens that would go on with a word.
  void end_word(std::span<float> logits) const;

  std::size_t bytes() const;
  void release();

 private:
  /// The beginning of a word, and how things stand behind it.
  struct Hypothesis {
    Continuation::Place place;
    std::vector<Token> tokens;
    double log_probability = 0;
  };
  /// A hypothesis and one token more.
  struct Extension {
    std::size_t parent;
    Token token;
    double log_probability;
  };
  /// The `wanted` likeliest words of the model, by a beam of `most` hypotheses.
  void search_model(Continuation& continuation, Sampler& sampler, std::size_t most, std::size_t wanted,
                    const std::stop_token& stop);
  void add_expected(Continuation& continuation, std::span<const ExpectedText> expected, const std::stop_token& stop);
  /// The model's log probability of the tokens behind the root, and that a word ends there if one does.
  double score(Continuation& continuation, std::span<const Token> tokens);
  /// Keeps a word that was found, if it is among the `wanted` likeliest.
  void found(std::string_view text, std::span<const Token> tokens, bool ends, double log_probability,
             std::size_t wanted);
  Word& next_word_slot();
  void judge_all(std::span<const ExpectedText> expected, const WordJudge& judge);
  /// The probability that the word written ends here, by the logits.
  double probability_of_end(std::span<const float> logits) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<bool> goes_on_;  // the token's piece begins with a letter
  Hypothesis root_;
  std::vector<float> root_logits_;
  std::array<std::vector<Hypothesis>, 2> hypotheses_;  // at hand, and one token farther
  std::vector<Extension> extensions_;
  std::vector<Word> words_;  // they keep their memory
  std::size_t count_ = 0;    // of them in use
  std::vector<const Word*> best_;  // the same, sorted: best first
  std::vector<WordCandidate> candidates_;
  std::vector<double> probabilities_;
};

}  // namespace catena::model
