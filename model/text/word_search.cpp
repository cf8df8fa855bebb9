#include "model/text/word_search.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "model/text/words.h"

namespace catena::model {
namespace {

// Of the search: six hypotheses save no more keystrokes on the dev files than four.
constexpr std::size_t least_hypotheses = 4, least_branches = 6, least_words = 6;
constexpr std::size_t longest_word = 8, longest_expected = 12;  // tokens
constexpr double least_log_probability = -20;                   // a word is no less likely than that
// A first word is worth its probability times its length to this power, since a longer one saves more keys. On the dev
// files 0.3 and 1 save as many keys; the higher it is, the fewer suggestions are right (docs/measurements.md).
constexpr double by_length = 0.6;
constexpr double longest_counted = 12;  // bytes

/// What a completion's first word counts by; white space saves no key that is worth reading it.
double length_of(std::string_view word) {
  const auto spaces = std::count_if(word.begin(), word.end(), is_space);
  return std::clamp(static_cast<double>(word.size()) - static_cast<double>(spaces), 1.0, longest_counted);
}

}  // namespace

void judge_as_mixture(std::span<const ExpectedText> expected, std::span<const WordCandidate> candidates,
                      std::span<double> probabilities) {
  double together = 0;
  for (const ExpectedText& text : expected) together += std::clamp(text.probability, 0.0, 1.0);
  const double scale = together > most_expected ? most_expected / together : 1;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    probabilities[i] = (1 - together * scale) * std::exp(candidates[i].log_probability);
    for (const ExpectedText& text : expected) {
      if (next_word(text.text) == candidates[i].text)
        probabilities[i] += scale * std::clamp(text.probability, 0.0, 1.0);
    }
  }
}

WordSearch::WordSearch(std::shared_ptr<const Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {
  for (Token token = 0; token < tokenizer_->vocab(); ++token) {
    const std::string_view piece = tokenizer_->piece(token);
    goes_on_.push_back(!piece.empty() && is_word(piece.front()));
  }
}

std::size_t WordSearch::bytes() const {
  const auto bytes_of = [](const Hypothesis& hypothesis) {
    return hypothesis.place.state.empty() ? 0 : hypothesis.place.state.bytes();
  };
  std::size_t sum = bytes_of(root_);
  for (const auto& some : hypotheses_) {
    for (const Hypothesis& hypothesis : some) sum += bytes_of(hypothesis);
  }
  return sum;
}

void WordSearch::release() {
  root_ = {};
  hypotheses_ = {};
}

WordSearch::Word& WordSearch::next_word_slot() {
  if (count_ == words_.size()) words_.emplace_back();
  return words_[count_++];
}

void WordSearch::found(std::string_view text, std::span<const Token> tokens, bool ends, double log_probability,
                       std::size_t wanted) {
  const auto begin = words_.begin(), end = begin + static_cast<std::ptrdiff_t>(count_);
  auto place = std::find_if(begin, end, [&](const Word& word) { return word.text == text; });
  if (place != end && place->log_probability >= log_probability) return;
  if (place == end && count_ == wanted) {
    place = std::min_element(begin, end,
                             [](const Word& a, const Word& b) { return a.log_probability < b.log_probability; });
    if (place->log_probability >= log_probability) return;
  }
  Word& word = place == end ? next_word_slot() : *place;
  word.text = text;
  word.tokens.assign(tokens.begin(), tokens.end());
  word.ends = ends;
  word.log_probability = log_probability;
  word.expected = -1;
}

void WordSearch::search_model(Continuation& continuation, Sampler& sampler, std::size_t most, std::size_t wanted,
                              const std::stop_token& stop) {
  const std::size_t typed = continuation.typed(), branches = std::max(least_branches, wanted);
  for (auto& some : hypotheses_) {
    if (some.size() < most) some.resize(most);
  }
  auto *live = &hypotheses_[0], *next = &hypotheses_[1];
  (*live)[0] = root_;
  const auto least = [&] {
    if (count_ < wanted) return -INFINITY;
    float worst = 0;
    for (std::size_t i = 0; i < count_; ++i) worst = std::min(worst, static_cast<float>(words_[i].log_probability));
    return worst;
  };
  std::size_t count = 1;
  const auto beyond = [&](const std::string& written) {
    return std::string_view(written).substr(std::min(typed, written.size()));
  };
  for (std::size_t depth = 0; depth < longest_word && count > 0 && !stop.stop_requested(); ++depth) {
    extensions_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      Hypothesis& hypothesis = (*live)[i];
      continuation.go_back(hypothesis.place);
      const std::span<const float> logits = continuation.logits();
      if (depth == 0) root_logits_.assign(logits.begin(), logits.end());
      const std::string_view word = beyond(hypothesis.place.written);
      const bool in_word = !word.empty() && is_word(word.back());
      if (in_word)
        found(word, hypothesis.tokens, true, hypothesis.log_probability + std::log(probability_of_end(logits)), wanted);
      for (const Choice& choice : sampler.best(logits, branches)) {
        if (in_word && !goes_on_[static_cast<std::size_t>(choice.token)]) continue;
        extensions_.push_back({i, choice.token, hypothesis.log_probability + choice.log_probability});
      }
    }
    std::sort(extensions_.begin(), extensions_.end(), [](const Extension& a, const Extension& b) {
      return std::tie(b.log_probability, a.parent, a.token) < std::tie(a.log_probability, b.parent, b.token);
    });
    extensions_.resize(std::min(extensions_.size(), most));
    count = 0;
    for (const Extension& extension : extensions_) {
      if (extension.log_probability <= least()) break;  // and so are those behind it: no word grows likelier
      const Hypothesis& parent = (*live)[extension.parent];
      Hypothesis& child = (*next)[count];
      child.tokens = parent.tokens;
      child.tokens.push_back(extension.token);
      child.log_probability = extension.log_probability;
      child.place.written = parent.place.written;
      child.place.written += tokenizer_->piece(extension.token);
      const std::string_view word = beyond(child.place.written);
      const bool no_word = !word.empty() && !is_word(word.back()) && (word.back() == '\n' || !is_blank(word));
      if (no_word || continuation.ends(extension.token)) {
        found(word, child.tokens, false, child.log_probability, wanted);
        continue;
      }
      continuation.go_back(parent.place);
      continuation.write(extension.token);
      continuation.keep(child.place);
      ++count;
    }
    std::swap(live, next);
  }
  for (std::size_t i = 0; i < count; ++i) {  // longer ones, as far as they were followed
    found(beyond((*live)[i].place.written), (*live)[i].tokens, false, (*live)[i].log_probability, wanted);
  }
}

double WordSearch::score(Continuation& continuation, std::span<const Token> tokens) {
  const auto log_probability = [](std::span<const float> logits, Token token) {
    return static_cast<double>(logits[static_cast<std::size_t>(token)]) - log_sum_exp(logits);
  };
  double sum = log_probability(root_logits_, tokens.front());
  continuation.go_back(root_.place);
  for (std::size_t i = 0; sum > least_log_probability; ++i) {
    continuation.write(tokens[i]);
    if (i + 1 == tokens.size() && !is_word(continuation.written().back())) break;
    const std::span<const float> logits = continuation.logits();
    if (i + 1 == tokens.size()) {
      sum += std::log(std::max(probability_of_end(logits), 1e-9));
      break;
    }
    sum += log_probability(logits, tokens[i + 1]);
  }
  return std::max(sum, least_log_probability);
}

void WordSearch::add_expected(Continuation& continuation, std::span<const ExpectedText> expected,
                              const std::stop_token& stop) {
  const std::size_t by_model = count_;
  for (std::size_t i = 0; i < expected.size() && !stop.stop_requested(); ++i) {
    const std::string_view word = next_word(expected[i].text);
    if (is_blank(word)) continue;
    bool known = false;
    for (std::size_t j = 0; j < count_; ++j) {
      Word& other = words_[j];
      const bool sign = j < by_model && !other.text.empty() && !is_word(other.text.back());
      if (!(sign ? expected[i].text.starts_with(other.text) : other.text == word)) continue;
      if (other.expected < 0) other.expected = static_cast<int>(i);
      known = true;
    }
    if (known) continue;
    const std::vector<Token> tokens = tokenizer_->encode(std::string(continuation.start().pending).append(word));
    if (tokens.size() > longest_expected) continue;
    Word& added = next_word_slot();
    added.text = word;
    added.tokens = tokens;
    added.ends = is_word(word.back());
    added.log_probability = score(continuation, tokens);
    added.expected = static_cast<int>(i);
  }
}

void WordSearch::judge_all(std::span<const ExpectedText> expected, const WordJudge& judge) {
  candidates_.clear();
  for (const Word& word : std::span(words_).first(count_))
    candidates_.push_back({word.text, word.log_probability, word.expected});
  probabilities_.assign(count_, 0);
  if (judge) {
    judge(candidates_, probabilities_);
  } else {
    judge_as_mixture(expected, candidates_, probabilities_);
  }
  for (std::size_t i = 0; i < count_; ++i) {
    words_[i].probability = probabilities_[i];
    words_[i].worth = probabilities_[i] * std::pow(length_of(words_[i].text), by_length);
  }
}

std::span<const WordSearch::Word* const> WordSearch::find(Continuation& continuation, Sampler& sampler,
                                                          std::span<const ExpectedText> expected,
                                                          const WordJudge& judge, std::size_t wanted,
                                                          const std::stop_token& stop) {
  root_.tokens.clear();
  root_.log_probability = 0;
  continuation.keep(root_.place);
  count_ = 0;
  search_model(continuation, sampler, std::max(least_hypotheses, wanted), std::max(least_words, wanted), stop);
  add_expected(continuation, expected, stop);
  continuation.go_back(root_.place);
  judge_all(expected, judge);
  // The words stay in their places, whose memory is then enough for the same words once more.
  best_.clear();
  for (const Word& word : std::span(words_).first(count_)) best_.push_back(&word);
  std::sort(best_.begin(), best_.end(),
            [](const Word* a, const Word* b) { return std::tie(b->worth, a->text) < std::tie(a->worth, b->text); });
  return std::span(best_).first(std::min(count_, wanted));
}

void WordSearch::end_word(std::span<float> logits) const {
  for (std::size_t token = 0; token < logits.size(); ++token) {
    if (goes_on_[token]) logits[token] = -INFINITY;
  }
}

double WordSearch::probability_of_end(std::span<const float> logits) const {
  const double total = log_sum_exp(logits);
  double sum = 0;
  for (std::size_t token = 0; token < logits.size(); ++token) {
    if (!goes_on_[token]) sum += std::exp(static_cast<double>(logits[token]) - total);
  }
  return sum;
}

}  // namespace catena::model
