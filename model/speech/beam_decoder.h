// CTC prefix beam search as the sound comes (Hannun et al. 2014, "First-Pass Large Vocabulary Continuous Speech
// Recognition using Bi-Directional Recurrent DNNs"), with a language model for whole words. The symbols' likelihoods
// are divided by their prior (Miao et al. 2015, "EESEN"): how often a symbol is written at all is told by the words.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/speech/symbols.h"
#include "model/speech/word_model.h"

namespace catena::model {

/// Times are steps of the reader since the stream began.
struct DecodedWord {
  std::string text;
  std::int64_t first_step = 0, last_step = 0;  ///< of its first and last letter
  int letters = 0;                             ///< that it was read by; phones, of a reader that writes them
  float heard_letters = 0;                     ///< the sum of their probabilities: how many the sound itself tells
  float confidence = 0;                        ///< geometric mean of its letters' probabilities
};

struct BeamOptions {
  int width = 192;          ///< hypotheses kept
  float least_symbol = -7;  ///< ln p without the prior; less likely symbols do not extend a hypothesis
  float language_weight =
      1.0F;                  ///< of ln p of a word; this, the next one and prior_weight chosen on development speech
  float word_bonus = -0.4F;  ///< for each word
  std::vector<float> symbol_prior = {};  ///< p of each symbol whatever is heard, see symbol_prior.h; empty: not known
  float prior_weight = 0.6F;             ///< how much of ln p of the prior is taken off that of a symbol
  float least_space = -7;                ///< ln p; a less likely space ends no word
  float settle_margin =
      6;  ///< nats; a word is settled when every hypothesis that is not so much worse than the best has it
  int longest_open =
      12;  ///< words; when more than so many are undecided, the oldest are settled by the best hypothesis
};

/// Memory is bounded by the options. Not thread-safe.
class BeamDecoder {
 public:
  /// words: may be null, no language model then.
  explicit BeamDecoder(const BeamOptions& options = {}, std::shared_ptr<WordModel> words = nullptr);
  ~BeamDecoder();
  BeamDecoder(BeamDecoder&&) noexcept;
  BeamDecoder& operator=(BeamDecoder&&) noexcept;

  /// log_p of the next step, a number a symbol.
  void feed(std::span<const float> log_p);
  /// Words that no further sound will change, since the last call.
  std::vector<DecodedWord> take_settled();
  /// How the best hypothesis goes on behind them.
  std::vector<DecodedWord> open_words() const;
  /// Nobody speaks any more: settles everything by the best hypothesis. The words before stay the next ones' context.
  void end_utterance();

  /// Whether the language model is asked from here on; without it words are read by their letters, in a fraction of the
  /// time.
  void set_language(bool asked) { language_ = asked; }

  std::int64_t steps() const { return step_; }
  /// Steps since the likeliest symbol was last another than the blank.
  std::int64_t blank_steps() const { return blank_steps_; }

 private:
  using Places = std::unordered_map<std::uint64_t, std::size_t>;
  struct Letter;
  struct Hypothesis;
  using LetterPointer = std::shared_ptr<const Letter>;

  /// places: where `into` has a hypothesis, by its key.
  void extend(const Hypothesis& from, Symbol symbol, float score, float log_p, std::vector<Hypothesis>& into,
              Places& places);
  void settle_common();
  void settle(std::size_t words);
  /// Asks the language model about the word that ends with `last`, once for the same letters, in place of what its
  /// beginning cost.
  void judge(Hypothesis& hypothesis, const Letter& last);
  static std::string word_before(const Letter& last);
  static std::vector<const Letter*> letters_of(const Hypothesis& hypothesis);  ///< oldest first
  std::vector<DecodedWord> words_of(const Hypothesis& hypothesis, bool whole_only) const;

  BeamOptions options_;
  std::shared_ptr<WordModel> words_;
  bool language_ = true;
  std::vector<float> prior_;      // what is taken off, a number a symbol
  std::vector<Hypothesis> beam_;  // best first
  std::vector<DecodedWord> settled_;
  std::int64_t step_ = 0, blank_steps_ = 0;
};

}  // namespace catena::model
