// Which of some known phrases an utterance is, if any: commands are told from each other reliably where free reading
// gets every fourth word wrong.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/speech/lexicon.h"
#include "model/speech/symbols.h"

namespace catena::model {

struct PhraseOptions {
  /// Nats a symbol that the phrase may be less likely than the best sequence of symbols; chosen on synthetic
  /// voices (98 of 100 commands lose less) and development speech (800 recordings lose more).
  float most_loss = 1.7F;
  std::vector<float> symbol_prior = {};  ///< as BeamOptions
  float prior_weight = 0.6F;
};

/// Const once made: any number of threads may use it.
class PhraseRecogniser {
 public:
  struct Recognised {
    std::string phrase;
    float loss = 0;  ///< nats a symbol below the best sequence of symbols: 0 is as good as can be
  };

  /// phrases: words between spaces. lexicon: of a reader that writes phones, every pronunciation counts; null: letters
  /// are. Phrases with a word that it does not know are left out.
  PhraseRecogniser(std::span<const std::string> phrases, const Lexicon* lexicon, const PhraseOptions& options);

  /// log_p [steps, symbols], ln p of each symbol at each step of one utterance, with some silence around it. The phrase
  /// whose best CTC alignment over all of the steps (Graves et al. 2006) loses least, where that is little enough.
  std::optional<Recognised> recognise(std::span<const float> log_p, int symbols) const;
  /// The same, however much it loses; nothing when no phrase fits into so few steps.
  std::optional<Recognised> nearest(std::span<const float> log_p, int symbols) const;

  float most_loss() const { return options_.most_loss; }
  std::size_t size() const { return variants_.size(); }  ///< phrases, a pronunciation each

 private:
  struct Variant {
    std::size_t phrase;
    std::vector<Symbol> symbols;
  };

  PhraseOptions options_;
  std::vector<std::string> phrases_;
  std::vector<Variant> variants_;
};

}  // namespace catena::model
