#include "model/text/continuation.h"

#include <algorithm>
#include <cmath>

#include "model/text/chunking.h"
#include "model/text/fill_in_middle.h"
#include "model/text/letters.h"
#include "model/text/utf8.h"

namespace catena::model {

double log_sum_exp(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - top);
  return top + std::log(total);
}

Continuation::Continuation(std::shared_ptr<const Tokenizer> tokenizer, const ModelConfig& config)
    : tokenizer_(tokenizer),
      mask_(tokenizer),
      fills_in_(config.fill_in_middle),
      newline_(tokenizer->encode("\n").front()),
      logits_(static_cast<std::size_t>(config.vocab)) {}

void Continuation::begin(Executor& executor, const CompletionStart& start, std::string_view following) {
  executor_ = &executor;
  start_ = &start;
  written_.clear();
  recent_ = start.recent;
  filling_ = fills_in_ && start.earlier.state != nullptr && !is_blank(following);
  if (!filling_) {
    state_ = *start.state;
    return;
  }
  look_ahead(following);
  state_ = ahead_;
  read(state_, start.earlier.tokens);
}

void Continuation::look_ahead(std::string_view following) {
  constexpr std::size_t enough_bytes = 8 * longest_following;
  const EarlierState& earlier = start_->earlier;
  const bool cut = following.size() > enough_bytes;
  following = following.substr(0, enough_bytes);
  if (!ahead_.empty() && ahead_serial_ == earlier.serial && ahead_text_ == following) return;
  std::vector<Token> tokens = tokenizer_->encode(following);
  // Of the last token nobody knows whether it would go on.
  tokens.resize(std::min<std::size_t>(longest_following, tokens.size() - (cut ? 1 : 0)));
  tokens.insert(tokens.begin(), tokenizer_->control(Control::suffix));
  tokens.push_back(tokenizer_->control(Control::middle));
  ahead_ = *earlier.state;
  read(ahead_, tokens);
  ahead_serial_ = earlier.serial;
  ahead_text_ = following;
}

void Continuation::read(ChainState& state, std::span<const Token> tokens) {
  while (!tokens.empty()) {
    const std::size_t count = next_run(state, tokens, start_->settings, newline_);
    read_run(*executor_, state, tokens.first(count), start_->settings, newline_);
    tokens = tokens.subspan(count);
  }
}

std::span<float> Continuation::logits() {
  executor_->logits(state_, logits_);
  const std::string_view written(written_),
      typed = start_->pending.substr(std::min(written.size(), start_->pending.size()));
  const bool guesses = !typed.empty() && start_->contexts != nullptr;
  const double before = guesses ? log_sum_exp(logits_) : 0;
  mask_.apply(logits_, typed, written.substr(written.size() - incomplete_tail(written)));
  if (!filling_) logits_[static_cast<std::size_t>(tokenizer_->control(Control::prefix))] = -INFINITY;
  if (start_->contexts != nullptr) mix_contexts(guesses ? std::exp(log_sum_exp(logits_) - before) : 1);
  return logits_;
}

void Continuation::mix_contexts(double allowed) {
  const ContextTable::Guess guess = start_->contexts->guess(recent_);
  if (guess.token < 0 || guess.token >= static_cast<Token>(logits_.size())) return;
  float& logit = logits_[static_cast<std::size_t>(guess.token)];
  if (!std::isfinite(logit)) return;  // something else was typed
  // That the letters typed agree with the guess speaks for it, the more the less the model expected them.
  const double weight = guess.weight / (guess.weight + (1 - guess.weight) * std::max(allowed, 1e-9));
  const double model = std::exp(static_cast<double>(logit) - log_sum_exp(logits_));
  logit += static_cast<float>(std::log1p(weight / ((1 - weight) * std::max(model, 1e-12))));
}

void Continuation::write(Token token) {
  written_ += tokenizer_->piece(token);
  read_run(*executor_, state_, {&token, 1}, start_->settings, newline_);
  recent_.add(token);
}

void Continuation::keep(Place& place) const {
  place.state = state_;
  place.recent = recent_;
  place.written = written_;
}

void Continuation::go_back(const Place& place) {
  state_ = place.state;
  recent_ = place.recent;
  written_ = place.written;
}

std::size_t Continuation::bytes() const {
  return (state_.empty() ? 0 : state_.bytes()) + (ahead_.empty() ? 0 : ahead_.bytes());
}

void Continuation::release() { state_ = ahead_ = {}; }

}  // namespace catena::model
