// Writes on behind a stream without touching it: works on a copy of its state.
#pragma once

#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "model/executor.h"
#include "model/text/boundary.h"
#include "model/text/context_table.h"
#include "model/text/expected_text.h"
#include "model/text/sampling.h"
#include "model/text/token_mask.h"

namespace catena::model {

enum class StopReason {
  boundary,  ///< where CompletionOptions::boundary says
  max_tokens,
  end,     ///< the model ended the document or the turn
  filled,  ///< the model says that nothing is missing any more before the text that follows
  unsure,  ///< the next word is less likely than CompletionOptions::least_log_probability
  cancelled,
  nothing_read  ///< the stream has read nothing yet: there is nothing to go by
};
std::string_view to_string(StopReason reason);

struct CompletionOptions {
  Sampling sampling;
  Boundary boundary = Boundary::line;
  int max_tokens = 32;  ///< beyond what retyping the last word takes
  /// The text ends before the first word less likely than this (nats: all its tokens so far together, each among the allowed
  /// ones). What is no word counts by the token. Minus infinity: every token is taken.
  double least_log_probability = -std::numeric_limits<double>::infinity();
  /// Text that stands behind the cursor: a model that was trained to fill in looks at its beginning first, and may say that the
  /// gap is filled (StopReason::filled). Others, and an empty one, write on.
  std::string_view following = {};
  /// Texts that may come next for reasons that the model does not know.
  std::vector<ExpectedText> expected = {};
};

struct Completion {
  std::string text;  ///< what comes behind the typed text; whole UTF-8 characters only
  int tokens = 0;    ///< read or generated for it
  int healed = 0;    ///< typed bytes that were taken back and generated again; not part of `text`
  StopReason stop = StopReason::nothing_read;
  double mean_log_probability = 0;  ///< per token, nats
};

/// One token further: called with the text so far (whole characters, before the boundary is looked for).
using CompletionObserver = std::function<void(std::string_view text)>;

/// An earlier state of the stream, from which the text behind the cursor is looked at: then the last words before the cursor are read
/// again, and stand nearest to what is written.
struct EarlierState {
  const ChainState* state = nullptr;  ///< none: nothing is looked at
  std::span<const Token> tokens;      ///< read since
  std::uint64_t serial = 0;           ///< tells the stream's earlier states apart
};

/// What a completion starts from.
struct CompletionStart {
  const ChainState* state = nullptr;
  std::string_view pending;  ///< typed bytes that are not in the state
  LineStart line;            ///< of the cursor
  StreamSettings settings;
  RecentTokens recent = {};                ///< the last ones that the state has read
  const ContextTable* contexts = nullptr;  ///< what followed such tokens in the project, or none
  EarlierState earlier = {};
};

/// Owns scratch memory; after the first call with a layout it allocates nothing more as long as `out` has room.
/// One thread at a time.
class Completer {
 public:
  /// config: of the model that completes.
  Completer(std::shared_ptr<const Tokenizer> tokenizer, const ModelConfig& config);

  /// The executor must be that of the state. `token_ms` (may be empty) is told how long each generated token took.
  /// When the stream ends inside a character, the text begins with that character's missing bytes.
  /// Throws as Executor and Sampling::validate().
  void complete(Executor& executor, const CompletionStart& start, const CompletionOptions& options, Completion& out,
                const std::stop_token& stop = {}, const CompletionObserver& observer = {},
                const std::function<void(double)>& token_ms = {});

  /// Up to `count` completions that differ in their first word (or whatever else comes next), the one worth most first.
  std::vector<Completion> alternatives(Executor& executor, const CompletionStart& start,
                                       const CompletionOptions& options, std::size_t count,
                                       const std::stop_token& stop = {},
                                       const std::function<void(double)>& token_ms = {});

  /// Numbers held for the scratch copies, in bytes.
  std::size_t bytes() const;
  /// Gives the scratch copies back: the stream moved to another device, or was replaced.
  void release();

 private:
  struct Run;
  /// The beginning of a first word, and how things stand behind it.
  struct Hypothesis {
    ChainState state;
    RecentTokens recent;
    std::string written;
    ExpectedTexts::Progress expected;
    std::vector<Choice> tokens;
    double log_probability = 0;
  };
  /// A first word that was found.
  struct Word {
    std::string written;  // from the typed letters on
    std::vector<Choice> tokens;
    double worth = 0;
  };
  /// A hypothesis and one token more.
  struct Extension {
    std::size_t parent;
    Choice choice;
    double log_probability;
  };
  /// `first`: tokens that are not chosen but given.
  void generate(Run& run, std::span<const Choice> first);
  /// Beam search for the whole words (or whatever else comes next) that are worth most, being likely and long: `found_` of at
  /// most `wanted` are left in words_, best first. Greedily chosen tokens often begin a word that is less likely than another one, whose first token is.
  void find_words(Executor& executor, const CompletionStart& start, const std::stop_token& stop, std::size_t wanted);
  void keep(Hypothesis& hypothesis) const;
  void go_back(const Hypothesis& hypothesis);
  /// The probability that the word written ends here, by the logits.
  double probability_of_end() const;
  /// The copy that a completion writes on from: the stream's state, having looked at what follows the cursor.
  void begin(Executor& executor, const CompletionStart& start, const CompletionOptions& options);
  void look_ahead(Executor& executor, const CompletionStart& start, std::string_view following);
  void read(Executor& executor, ChainState& state, std::span<const Token> tokens, const StreamSettings& settings) const;
  /// The distribution of the token behind what was written: the model's, masked and mixed with what else is known.
  void find_logits(Executor& executor, const CompletionStart& start);
  /// Mixes the project's guess in. `allowed`: the probability of all tokens that agree with the typed letters, by the model.
  void mix_contexts(const ContextTable& contexts, double allowed);

  std::shared_ptr<const Tokenizer> tokenizer_;
  TokenMask mask_;
  ExpectedTexts expected_;
  Sampler sampler_;
  ChainState scratch_;
  std::vector<float> logits_;
  bool fills_in_;  // the model was trained for it
  bool filling_ = false;  // this completion has looked ahead
  // The stream's earlier state behind the text that follows, kept while one types: of which earlier state, of which text.
  ChainState ahead_;
  std::uint64_t ahead_serial_ = 0;
  std::string ahead_text_;
  RecentTokens recent_;  // read by the copy
  std::string written_;  // everything generated, the healed bytes first
  // Of the search for the first word; they keep their memory.
  Hypothesis root_;
  std::array<std::vector<Hypothesis>, 2> hypotheses_;  // at hand, and one token farther
  std::vector<Extension> extensions_;
  std::vector<Word> words_;  // they keep their memory
  std::size_t found_ = 0;    // of them
  Token newline_;
};

}  // namespace catena::model
