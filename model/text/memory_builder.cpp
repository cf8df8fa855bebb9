#include "model/text/memory_builder.h"

#include "model/carried_over.h"
#include "model/text/chunking.h"

namespace catena::model {
namespace {

// Scoring costs several times what reading does, and the weights need only so many examples.
constexpr std::int64_t scored_chunk = 4;  // every fourth

}  // namespace

MemoryBuilder::MemoryBuilder(std::shared_ptr<const TextModel> model, std::shared_ptr<Executor> executor,
                             const StreamSettings& settings)
    : model_(std::move(model)),
      executor_(std::move(executor)),
      settings_(settings),
      encoder_(model_->tokenizer()),
      state_(executor_->initial_state(settings.chunk_length)),
      newline_(model_->tokenizer()->encode("\n").front()) {
  executor_->read(state_, {}, settings_);  // reads nothing, but refuses bad settings
}

void MemoryBuilder::feed(std::string_view utf8) {
  encoder_.feed(utf8, tokens_);
  read();
}

void MemoryBuilder::feed_control(Control control) {
  encoder_.flush(tokens_);
  tokens_.push_back(model_->tokenizer()->control(control));
  read();
}

void MemoryBuilder::finish() {
  encoder_.flush(tokens_);
  read();
  executor_->end_chunk(state_);
}

void MemoryBuilder::move_to(std::shared_ptr<Executor> executor) {
  state_ = carried_over(state_, *executor);
  executor_ = std::move(executor);
}

void MemoryBuilder::read() {
  for (std::span<const Token> rest = tokens_; !rest.empty();) {
    const std::size_t count = next_run(state_, rest, settings_, newline_);
    const std::span<const Token> run = rest.first(count);
    const bool scored = state_.counters().chunks % scored_chunk == 1;
    nll_.resize(scored ? count : 0);
    read_run(*executor_, state_, run, settings_, newline_, nll_);
    for (std::size_t i = 0; i < count; ++i) {
      if (scored) {
        contexts_->add(recent_, run[i], static_cast<double>(nll_[i]));
      } else {
        contexts_->add(recent_, run[i]);
      }
      recent_.add(run[i]);
    }
    rest = rest.subspan(count);
  }
  tokens_.clear();
}

}  // namespace catena::model
