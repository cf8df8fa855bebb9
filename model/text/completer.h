// Writes on behind a stream without touching it: works on a copy of its state.
#pragma once

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
#include "model/text/continuation.h"
#include "model/text/expected_text.h"
#include "model/text/sampling.h"
#include "model/text/word_search.h"

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
  /// The text ends before the first word less likely than this (nats: all its tokens so far together, each among the
  /// allowed ones). What is no word counts by the token. Minus infinity: every token is taken.
  double least_log_probability = -std::numeric_limits<double>::infinity();
  /// Text that stands behind the cursor: a model that was trained to fill in looks at its beginning first, and may say
  /// that the gap is filled (StopReason::filled). Others, and an empty one, write on.
  std::string_view following = {};
  /// Texts that may come next for reasons that the model does not know.
  std::vector<ExpectedText> expected = {};
  /// How probable the words are that may come first; none: the model and the expected texts are a mixture.
  WordJudge judge = {};
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
  /// `word`: what it begins with; nullptr: that is looked for.
  void generate(Run& run, const WordSearch::Word* word);

  std::shared_ptr<const Tokenizer> tokenizer_;
  Continuation continuation_;
  ExpectedTexts expected_;
  Sampler sampler_;
  WordSearch words_;
};

}  // namespace catena::model
