#include "app/conversation/dialogue.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "model/text/utf8.h"

namespace catena::app {
namespace {

using model::Control;
using model::Token;

constexpr int kLongestAnswer = 80;  // tokens

/// The length of the first whole sentence of `text`, which may go on; 0 when there is none yet.
std::size_t sentence_end(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const bool ends = text[i] == '.' || text[i] == '!' || text[i] == '?';
    if (ends && text[i + 1] == ' ') return i + 1;
  }
  return 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Dialogue::Dialogue(std::shared_ptr<const model::TextModel> model, const model::ExecutorOptions& executor,
                   const model::Sampling& sampling)
    : model_(std::move(model)),
      executor_(model::make_executor(model_->weights(), executor)),
      sampling_(sampling),
      sampler_(model_->config().vocab),
      logits_(static_cast<std::size_t>(model_->config().vocab)) {
  settings_.chunk_length = model_->config().chunk_length;
  state_ = executor_->initial_state(settings_.chunk_length);
  asked_ = state_;
}

void Dialogue::read(std::span<const Token> tokens) {
  const std::int64_t place = state_.counters().tokens;
  executor_->read(state_, tokens, settings_);
  if (on_read) on_read(place, tokens);
}

void Dialogue::read(std::string_view text) {
  const std::vector<Token> tokens = model_->tokenizer()->encode(text);
  read(std::span(tokens));
}

void Dialogue::read(Control control) {
  const Token token = model_->tokenizer()->control(control);
  read(std::span(&token, 1));
}

void Dialogue::ask(std::string_view question) {
  read(Control::user);
  read(std::string(1, ' ').append(question).append("\n"));
  read(Control::assistant);
  asked_ = state_;
}

void Dialogue::answer(std::string_view question, const std::function<bool(const std::string&)>& sink,
                      const std::function<bool(int)>& go_on) {
  ask(question);
  sampler_.start(sampling_);
  sampling_.seed += 1;  // another question has other draws
  std::string text;
  bool said = false;
  for (int i = 0; i < kLongestAnswer; ++i) {
    if (!go_on(i)) return;
    executor_->logits(state_, logits_);
    for (std::size_t token = 0; token < logits_.size(); ++token) {
      // A turn ends with its line; nothing else that is no text belongs into one.
      const bool silence =
          !said && model_->tokenizer()->piece(static_cast<Token>(token)).find('\n') != std::string_view::npos;
      if (silence || model_->tokenizer()->is_control(static_cast<Token>(token)))
        logits_[token] = -std::numeric_limits<float>::infinity();
    }
    const Token token = sampler_.choose(logits_).token;
    const std::string_view piece = model_->tokenizer()->piece(token);
    const std::size_t line_end = piece.find('\n');
    text += piece.substr(0, line_end);
    said = said || !trimmed(text).empty();
    if (line_end != std::string_view::npos) break;
    read(std::span(&token, 1));
    if (const std::size_t end = sentence_end(text); end > 0) {
      const std::string sentence(trimmed(std::string_view(text).substr(0, end)));
      text.erase(0, end);
      if (!sentence.empty() && !sink(sentence)) return;
    }
  }
  // An answer that was cut for its length may end inside a character.
  text.resize(text.size() - model::incomplete_tail(text));
  if (const std::string_view rest = trimmed(text); !rest.empty()) sink(std::string(rest));
}

void Dialogue::note(std::string_view question, std::string_view answer) {
  ask(question);
  settle(answer);
}

void Dialogue::settle(std::string_view heard) {
  state_ = asked_;
  read(std::string(heard.empty() ? "" : " ").append(heard).append("\n"));
}

}  // namespace catena::app
