// What a text tracker says in a conversation. The conversation is one chain: what was said an hour ago costs nothing to
// keep.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/executor.h"
#include "model/text/sampling.h"
#include "model/text/text_model.h"

namespace catena::app {

/// Not thread-safe.
class Dialogue {
 public:
  /// Throws std::runtime_error as model::make_executor().
  Dialogue(std::shared_ptr<const model::TextModel> model, const model::ExecutorOptions& executor,
           const model::Sampling& sampling = {.temperature = 0.6F, .top_p = 0.8F});

  /// Reads the user's turn and writes an answer, sentence by sentence, until it ends or the sink returns false. What
  /// was not heard in the end is to be taken back with settle(). There is always something to say, however sure the
  /// model is of silence. go_on: asked before each token, with how many there are; false ends the answer.
  void answer(std::string_view question, const std::function<bool(const std::string& sentence)>& sink,
              const std::function<bool(int tokens)>& go_on = [](int) { return true; });
  /// The user's turn was answered otherwise (a fact, a command); both are part of the conversation.
  void note(std::string_view question, std::string_view answer);
  /// The last answer as far as it was heard: the chain goes on from there.
  void settle(std::string_view heard);

  std::size_t state_bytes() const { return state_.bytes(); }

  /// Told of the tokens that the chain reads, the first of them at this place; a place that was told before: settle()
  /// took back what followed. May be empty.
  std::function<void(std::int64_t place, std::span<const model::Token> tokens)> on_read;

 private:
  void read(std::span<const model::Token> tokens);
  void read(std::string_view text);
  void read(model::Control control);
  void ask(std::string_view question);

  std::shared_ptr<const model::TextModel> model_;
  std::unique_ptr<model::Executor> executor_;
  model::StreamSettings settings_;
  model::Sampling sampling_;
  model::Sampler sampler_;
  model::ChainState state_, asked_;  // asked_: before the last answer
  std::vector<float> logits_;
};

}  // namespace catena::app
