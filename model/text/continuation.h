// Text that is written on behind a stream, token by token, on a copy of its state.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/executor.h"
#include "model/text/boundary.h"
#include "model/text/context_table.h"
#include "model/text/token_mask.h"
#include "model/text/tokenizer.h"

namespace catena::model {

/// An earlier state of the stream, from which the text behind the cursor is looked at: then the last words before the
/// cursor are read again, and stand nearest to what is written.
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

/// Keeps its memory from one text to the next. One thread at a time.
class Continuation {
 public:
  /// How things stand behind what was written: to try one way to go on, go back, and try another.
  struct Place {
    ChainState state;
    RecentTokens recent;
    std::string written;
  };

  Continuation(std::shared_ptr<const Tokenizer> tokenizer, const ModelConfig& config);

  /// A new text behind `start`, of which the typed bytes are written again first. `following` stands behind the cursor:
  /// a model that was trained to fill in looks at its beginning. What is given here must last as long as the text is
  /// written on.
  void begin(Executor& executor, const CompletionStart& start, std::string_view following);

  /// Of the next token: the model's, where the typed bytes allow it, with what the project's contexts guess mixed in.
  /// May be changed; valid until the next call.
  std::span<float> logits();
  void write(Token token);
  /// Everything written, the typed bytes first.
  const std::string& written() const { return written_; }
  /// How many bytes were typed.
  std::size_t typed() const { return start_->pending.size(); }
  const CompletionStart& start() const { return *start_; }
  /// The document, the turn or the gap ends with this token.
  bool ends(Token token) const { return mask_.ends_document(token); }

  void keep(Place& place) const;
  void go_back(const Place& place);

  /// Held for the copies.
  std::size_t bytes() const;
  /// Gives them back: the stream moved to another device, or was replaced.
  void release();

 private:
  void look_ahead(std::string_view following);
  void read(ChainState& state, std::span<const Token> tokens);
  /// Mixes the project's guess in. `allowed`: the probability of all tokens that agree with the typed letters, by the
  /// model.
  void mix_contexts(double allowed);

  std::shared_ptr<const Tokenizer> tokenizer_;
  TokenMask mask_;
  bool fills_in_;  // the model was trained for it
  Token newline_;
  Executor* executor_ = nullptr;  // of the running text, as its start
  const CompletionStart* start_ = nullptr;
  bool filling_ = false;  // it has looked ahead
  ChainState state_;
  RecentTokens recent_;
  std::string written_;
  std::vector<float> logits_;
  // The stream's earlier state behind the text that follows, kept while one types: of which earlier state, of which
  // text.
  ChainState ahead_;
  std::uint64_t ahead_serial_ = 0;
  std::string ahead_text_;
};

/// The logarithm of the sum of exp(logits).
double log_sum_exp(std::span<const float> logits);

}  // namespace catena::model
