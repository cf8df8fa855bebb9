#include "model/text/expected_text.h"

#include <algorithm>
#include <cmath>

#include "model/text/words.h"

namespace catena::model {
namespace {

// How often a text that was right so far is right about the next token as well: behind its beginning, and farther on.
// On the dev files the second word of a recalled text was right at 61 % of the places where the first was, the third at
// 72 %, later ones at 86 %; a word has one to two tokens.
constexpr double follows_at_first = 0.75, follows = 0.9;
constexpr std::size_t at_first = 12;  // bytes

}  // namespace

ExpectedTexts::ExpectedTexts(std::shared_ptr<const Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {
  for (Token token = 0; token < tokenizer_->vocab(); ++token) {
    const std::string_view piece = tokenizer_->piece(token);
    if (piece.empty()) continue;
    by_piece_[piece] = token;  // a byte that has a piece of its own comes first in the vocabulary, as a byte token
    longest_piece_ = std::max(longest_piece_, piece.size());
  }
}

void ExpectedTexts::start(std::string_view pending, std::span<const ExpectedText> texts) {
  count_ = texts.size();
  if (experts_.size() < count_) experts_.resize(count_);
  double together = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    experts_[i].text.assign(pending).append(texts[i].text);
    spell(experts_[i]);
    experts_[i].sure = pending.size() + next_word(texts[i].text).size();
    experts_[i].weight = std::clamp(texts[i].probability, 0.0, 1.0);
    together += experts_[i].weight;
  }
  if (together > most_expected) {
    for (std::size_t i = 0; i < count_; ++i) experts_[i].weight *= most_expected / together;
    together = most_expected;
  }
  model_weight_ = 1 - together;
  first_ = true;
}

void ExpectedTexts::spell(Expert& expert) const {
  expert.tokens = tokenizer_->encode(expert.text);
  expert.ends.clear();
  std::size_t end = 0;
  for (const Token token : expert.tokens) expert.ends.push_back(end += tokenizer_->piece(token).size());
}

std::span<const Token> ExpectedTexts::next_token(const Expert& expert, std::size_t written) {
  if (written == 0) return std::span(expert.tokens).first(std::min<std::size_t>(1, expert.tokens.size()));
  const auto end = std::lower_bound(expert.ends.begin(), expert.ends.end(), written);
  if (end == expert.ends.end() || *end != written || end + 1 == expert.ends.end()) return {};
  return std::span(expert.tokens).subspan(static_cast<std::size_t>(end + 1 - expert.ends.begin()), 1);
}

void ExpectedTexts::mix(std::span<float> logits, std::string_view written) {
  if (count_ == 0) return;
  const double top = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - top);
  double base = model_weight_;  // of the model's own distribution in the mixture
  for (std::size_t i = 0; i < count_; ++i) {
    Expert& expert = experts_[i];
    expert.spelling.clear();
    expert.mass = 0;
    expert.follow = first_ || written.size() < expert.sure    ? 1
                    : written.size() < expert.sure + at_first ? follows_at_first
                                                              : follows;
    if (expert.weight > 0 && expert.text.size() > written.size() &&
        std::string_view(expert.text).starts_with(written)) {
      const auto spelt_by = [&](Token token) {
        const double p = std::exp(static_cast<double>(logits[static_cast<std::size_t>(token)]) - top) / total;
        if (p <= 0) return;
        expert.spelling.push_back(token);
        expert.mass += p;
      };
      if (const auto next = next_token(expert, written.size()); !next.empty()) {
        spelt_by(next.front());
      } else {
        const std::string_view rest = std::string_view(expert.text).substr(written.size());
        for (std::size_t length = 1; length <= std::min(longest_piece_, rest.size()); ++length) {
          const auto found = by_piece_.find(rest.substr(0, length));
          if (found != by_piece_.end()) spelt_by(found->second);
        }
      }
    }
    base += expert.weight * (expert.mass > 0 ? 1 - expert.follow : 1);
  }
  // Relative to the model's own distribution scaled by `base`, only the tokens that spell a text change. A logit may be
  // raised by several experts, so the factors are summed before any logit is touched.
  for (std::size_t i = 0; i < count_; ++i) {
    for (const Token token : experts_[i].spelling) {
      double factor = 1;
      bool earlier = false;  // an expert before this one has raised the token for both
      for (std::size_t j = 0; j < count_; ++j) {
        const auto& spelling = experts_[j].spelling;
        if (std::find(spelling.begin(), spelling.end(), token) == spelling.end()) continue;
        earlier = earlier || j < i;
        factor += experts_[j].follow * experts_[j].weight / (experts_[j].mass * std::max(base, 1e-9));
      }
      if (!earlier) logits[static_cast<std::size_t>(token)] += static_cast<float>(std::log(factor));
    }
  }
}

void ExpectedTexts::chosen(Token token) {
  if (count_ == 0) return;
  first_ = false;
  double total = model_weight_;
  for (std::size_t i = 0; i < count_; ++i) {
    Expert& expert = experts_[i];
    if (expert.mass > 0) {
      const bool spells = std::find(expert.spelling.begin(), expert.spelling.end(), token) != expert.spelling.end();
      expert.weight *= (1 - expert.follow) + (spells ? expert.follow / expert.mass : 0);
    }
    total += expert.weight;
  }
  model_weight_ /= total;
  for (std::size_t i = 0; i < count_; ++i) experts_[i].weight /= total;
}

}  // namespace catena::model
