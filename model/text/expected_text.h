// Texts that may well come next, known from elsewhere (what followed the same words farther up in the file, say), mixed
// into the model's own distribution.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/text/tokenizer.h"

namespace catena::model {

struct ExpectedText {
  std::string text;        ///< from the end of the typed text on
  double probability = 0;  ///< that its first word comes, judged without the model: 0 to 1
};

/// What several texts may be expected together; the model's own choice keeps the rest.
inline constexpr double most_expected = 0.98;

/// A Bayesian mixture of experts over the next token. Expert 0 is the model; every expected text is an expert that,
/// while it has been right so far, puts most of its weight on the next of the text's tokens (where what was written
/// ends inside one, on the tokens that spell the text, in the proportions the model gives them) and the rest on the
/// model's own choice. Each token written multiplies an expert's weight by the probability that the expert gave it, so
/// a text that turns out wrong loses its say at once.
class ExpectedTexts {
  struct Expert {
    std::string text;               // pending bytes and the expected text
    std::vector<Token> tokens;      // of the text,
    std::vector<std::size_t> ends;  // and where each ends in it
    std::size_t sure = 0;           // bytes of it that follow from each other: no token of them is discounted
    double weight = 0;
    double follow = 1;            // how likely it goes on to be right, if it was so far
    double mass = 0;              // the model's probability of all tokens that spell the text now; 0: no say
    std::vector<Token> spelling;  // those tokens
  };

 public:
  explicit ExpectedTexts(std::shared_ptr<const Tokenizer> tokenizer);

  /// A new completion: `pending` are the typed bytes that will be generated again, before the texts. Probabilities
  /// above one together are scaled down to almost one.
  void start(std::string_view pending, std::span<const ExpectedText> texts);
  /// Raises the logits of the tokens that spell an expected text, so that softmax(logits) is the mixture. `written`:
  /// what was generated since start(), the pending bytes included.
  void mix(std::span<float> logits, std::string_view written);
  /// The token that was chosen from the logits of the last mix().
  void chosen(Token token);

 private:
  void spell(Expert& expert) const;
  /// The token of the expert's text that begins where `written` bytes end; none where they end inside one.
  static std::span<const Token> next_token(const Expert& expert, std::size_t written);

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::unordered_map<std::string_view, Token> by_piece_;
  std::size_t longest_piece_ = 0;
  std::vector<Expert> experts_;
  std::size_t count_ = 0;  // of them in use; the others keep their memory
  double model_weight_ = 1;
  bool first_ = true;  // nothing was chosen yet
};

}  // namespace catena::model
