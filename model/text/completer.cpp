#include "model/text/completer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <tuple>

#include "model/text/chunking.h"
#include "model/text/fill_in_middle.h"
#include "model/text/letters.h"
#include "model/text/utf8.h"

namespace catena::model {
namespace {

// Of the search for the first word: twice as many save no more keystrokes on the dev files. More words want more.
constexpr std::size_t least_hypotheses = 3, least_branches = 4;
constexpr int longest_word = 8;  // tokens
// A first word is worth its probability times its length to this power, since a longer one saves more keys. On the dev files 0.3
// saves 0.3 points of the keys more than 0; 0.6 and 1 save as much, but are right less often.
constexpr double by_length = 0.3;
constexpr double longest_counted = 12;  // bytes: what a beginning may still become is bounded by it

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double log_sum_exp(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - top);
  return top + std::log(total);
}

void take_back_word(std::string& text) {
  while (!text.empty() && is_word(text.back())) text.pop_back();
}

}  // namespace

std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::boundary:
      return "boundary";
    case StopReason::max_tokens:
      return "max_tokens";
    case StopReason::end:
      return "end";
    case StopReason::filled:
      return "filled";
    case StopReason::unsure:
      return "unsure";
    case StopReason::cancelled:
      return "cancelled";
    case StopReason::nothing_read:
      return "nothing_read";
  }
  return "";
}

struct Completer::Run {
  Executor& executor;
  const CompletionStart& start;
  const CompletionOptions& options;
  Completion& out;
  const std::stop_token& stop;
  const CompletionObserver& observer;
  const std::function<void(double)>& token_ms;
};

Completer::Completer(std::shared_ptr<const Tokenizer> tokenizer, const ModelConfig& config)
    : tokenizer_(tokenizer),
      mask_(tokenizer),
      expected_(tokenizer),
      sampler_(config.vocab),
      logits_(static_cast<std::size_t>(config.vocab)),
      fills_in_(config.fill_in_middle),
      newline_(tokenizer->encode("\n").front()) {}

std::size_t Completer::bytes() const {
  std::size_t sum = 0;
  const auto add = [&](const ChainState& state) { sum += state.empty() ? 0 : state.bytes(); };
  add(scratch_);
  add(ahead_);
  add(root_.state);
  for (const auto& some : hypotheses_) {
    for (const Hypothesis& hypothesis : some) add(hypothesis.state);
  }
  return sum;
}

void Completer::release() {
  scratch_ = ahead_ = {};
  root_ = {};
  hypotheses_ = {};
}

void Completer::find_logits(Executor& executor, const CompletionStart& start) {
  executor.logits(scratch_, logits_);
  const std::size_t done = std::min(written_.size(), start.pending.size());
  const std::string_view written(written_), typed = start.pending.substr(done);
  const double before = typed.empty() || start.contexts == nullptr ? 0 : log_sum_exp(logits_);
  mask_.apply(logits_, typed, written.substr(written.size() - incomplete_tail(written)));
  if (!filling_) logits_[static_cast<std::size_t>(tokenizer_->control(Control::prefix))] = -INFINITY;
  const double allowed = typed.empty() || start.contexts == nullptr ? 1 : std::exp(log_sum_exp(logits_) - before);
  // The project's guess was weighed against the model alone, so it comes before what the open documents say.
  if (start.contexts != nullptr) mix_contexts(*start.contexts, allowed);
  expected_.mix(logits_, written);
}

void Completer::mix_contexts(const ContextTable& contexts, double allowed) {
  const ContextTable::Guess guess = contexts.guess(recent_);
  if (guess.token < 0 || guess.token >= static_cast<Token>(logits_.size())) return;
  float& logit = logits_[static_cast<std::size_t>(guess.token)];
  if (!std::isfinite(logit)) return;  // something else was typed
  // That the letters typed agree with the guess speaks for it, the more the less the model expected them.
  const double weight = guess.weight / (guess.weight + (1 - guess.weight) * std::max(allowed, 1e-9));
  const double model = std::exp(static_cast<double>(logit) - log_sum_exp(logits_));
  logit += static_cast<float>(std::log1p(weight / ((1 - weight) * std::max(model, 1e-12))));
}

void Completer::complete(Executor& executor, const CompletionStart& start, const CompletionOptions& options,
                         Completion& out, const std::stop_token& stop, const CompletionObserver& observer,
                         const std::function<void(double)>& token_ms) {
  sampler_.start(options.sampling);
  Run run{executor, start, options, out, stop, observer, token_ms};
  generate(run, {});
}

void Completer::read(Executor& executor, ChainState& state, std::span<const Token> tokens, const StreamSettings& settings) const {
  while (!tokens.empty()) {
    const std::size_t count = next_run(state, tokens, settings, newline_);
    read_run(executor, state, tokens.first(count), settings, newline_);
    tokens = tokens.subspan(count);
  }
}

void Completer::look_ahead(Executor& executor, const CompletionStart& start, std::string_view following) {
  constexpr std::size_t enough_bytes = 8 * longest_following;
  const bool cut = following.size() > enough_bytes;
  following = following.substr(0, enough_bytes);
  if (!ahead_.empty() && ahead_serial_ == start.earlier.serial && ahead_text_ == following) return;
  std::vector<Token> tokens = tokenizer_->encode(following);
  // Of the last token nobody knows whether it would go on.
  tokens.resize(std::min<std::size_t>(longest_following, tokens.size() - (cut ? 1 : 0)));
  tokens.insert(tokens.begin(), tokenizer_->control(Control::suffix));
  tokens.push_back(tokenizer_->control(Control::middle));
  ahead_ = *start.earlier.state;
  read(executor, ahead_, tokens, start.settings);
  ahead_serial_ = start.earlier.serial;
  ahead_text_ = following;
}

void Completer::begin(Executor& executor, const CompletionStart& start, const CompletionOptions& options) {
  recent_ = start.recent;
  filling_ = fills_in_ && start.earlier.state != nullptr && !is_blank(options.following);
  if (!filling_) {
    scratch_ = *start.state;
    return;
  }
  look_ahead(executor, start, options.following);
  scratch_ = ahead_;
  read(executor, scratch_, start.earlier.tokens, start.settings);
}

void Completer::keep(Hypothesis& hypothesis) const {
  hypothesis.state = scratch_;
  hypothesis.recent = recent_;
  hypothesis.written = written_;
  hypothesis.expected = expected_.progress();
}

void Completer::go_back(const Hypothesis& hypothesis) {
  scratch_ = hypothesis.state;
  recent_ = hypothesis.recent;
  written_ = hypothesis.written;
  expected_.go_back(hypothesis.expected);
}

void Completer::find_words(Executor& executor, const CompletionStart& start, const std::stop_token& stop, std::size_t wanted) {
  const std::size_t typed = start.pending.size();
  const std::size_t most = std::max(least_hypotheses, wanted), branches = std::max(least_branches, wanted);
  for (auto& some : hypotheses_) {
    if (some.size() < most) some.resize(most);
  }
  auto *live = &hypotheses_[0], *next = &hypotheses_[1];
  std::size_t count = 1;
  keep(root_);
  (*live)[0] = root_;
  found_ = 0;
  if (words_.size() < wanted) words_.resize(wanted);
  const auto bonus = [](double bytes) { return by_length * std::log(std::clamp(bytes, 1.0, longest_counted)); };
  const auto least = [&] { return found_ < wanted ? -INFINITY : words_[wanted - 1].worth; };
  const auto finished = [&](const std::vector<Choice>& tokens, const std::string& written, double log_probability) {
    const std::string_view word = std::string_view(written).substr(std::min(typed, written.size()));
    const double worth = log_probability + bonus(static_cast<double>(word.size() - static_cast<std::size_t>(std::count(word.begin(), word.end(), ' '))));
    std::size_t place = 0;
    while (place < found_ && words_[place].written != written) ++place;
    if (worth <= (place < found_ ? words_[place].worth : least())) return;
    if (place == found_) found_ = std::min(found_ + 1, wanted);
    place = std::min(place, wanted - 1);
    words_[place].written = written;
    words_[place].tokens = tokens;
    words_[place].worth = worth;
    for (; place > 0 && words_[place - 1].worth < worth; --place) std::swap(words_[place], words_[place - 1]);
  };
  for (int depth = 0; depth < longest_word && count > 0 && !stop.stop_requested(); ++depth) {
    extensions_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      Hypothesis& hypothesis = (*live)[i];
      go_back(hypothesis);
      find_logits(executor, start);
      hypothesis.expected = expected_.progress();  // they know now what each token would make of them
      const bool in_word = written_.size() > typed && is_word(written_.back());
      if (in_word) finished(hypothesis.tokens, written_, hypothesis.log_probability + std::log(probability_of_end()));
      for (const Choice& choice : sampler_.best(logits_, branches)) {
        const std::string_view piece = tokenizer_->piece(choice.token);
        if (in_word && (piece.empty() || !is_word(piece.front()))) continue;
        extensions_.push_back({i, choice, hypothesis.log_probability + choice.log_probability});
      }
    }
    std::sort(extensions_.begin(), extensions_.end(), [](const Extension& a, const Extension& b) {
      return std::tie(b.log_probability, a.parent, a.choice.token) < std::tie(a.log_probability, b.parent, b.choice.token);
    });
    extensions_.resize(std::min(extensions_.size(), most));
    count = 0;
    for (const Extension& extension : extensions_) {
      if (extension.log_probability + bonus(longest_counted) <= least()) break;  // and so are those behind it: no word grows likelier
      const Hypothesis& parent = (*live)[extension.parent];
      Hypothesis& child = (*next)[count];
      child.tokens = parent.tokens;
      child.tokens.push_back(extension.choice);
      child.log_probability = extension.log_probability;
      go_back(parent);
      written_ += tokenizer_->piece(extension.choice.token);
      const std::string_view beyond = std::string_view(written_).substr(std::min(typed, written_.size()));
      const bool no_word = !beyond.empty() && !is_word(beyond.back()) && (beyond.back() == '\n' || !is_blank(beyond));
      if (no_word || mask_.ends_document(extension.choice.token)) {
        finished(child.tokens, written_, child.log_probability);
        continue;
      }
      expected_.chosen(extension.choice.token);
      read_run(executor, scratch_, {&extension.choice.token, 1}, start.settings, newline_);
      recent_.add(extension.choice.token);
      keep(child);
      ++count;
    }
    std::swap(live, next);
  }
  for (std::size_t i = 0; i < count; ++i) finished((*live)[i].tokens, (*live)[i].written, (*live)[i].log_probability);  // longer ones
  go_back(root_);
}

double Completer::probability_of_end() const {
  const double total = log_sum_exp(logits_);
  double sum = 0;
  for (std::size_t token = 0; token < logits_.size(); ++token) {
    const std::string_view piece = tokenizer_->piece(static_cast<Token>(token));
    if (piece.empty() || !is_word(piece.front())) sum += std::exp(static_cast<double>(logits_[token]) - total);
  }
  return sum;
}

void Completer::generate(Run& run, std::span<const Choice> first) {
  Completion& out = run.out;
  out.text.clear();
  out.tokens = 0;
  out.healed = static_cast<int>(run.start.pending.size());
  out.mean_log_probability = 0;
  out.stop = StopReason::nothing_read;
  written_.clear();
  if (run.start.state->counters().tokens == 0) return;

  begin(run.executor, run.start, run.options);
  expected_.start(run.start.pending, run.options.expected);
  if (first.empty() && run.options.sampling.temperature == 0) {
    find_words(run.executor, run.start, run.stop, 1);
    if (found_ > 0) first = words_.front().tokens;
  }
  double sum = 0, word = 0;  // log probabilities: of all tokens, of the running word's
  int beyond = 0;  // tokens that wrote behind the typed text
  out.stop = StopReason::max_tokens;
  while (beyond < run.options.max_tokens) {
    if (run.stop.stop_requested()) {
      out.stop = StopReason::cancelled;
      break;
    }
    const auto began = std::chrono::steady_clock::now();
    find_logits(run.executor, run.start);
    const Choice choice = first.empty() ? sampler_.choose(logits_) : first.front();
    if (!first.empty()) first = first.subspan(1);
    expected_.chosen(choice.token);
    const std::string_view piece = tokenizer_->piece(choice.token);
    const bool goes_on = !piece.empty() && is_word(piece.front()) && !written_.empty() && is_word(written_.back());
    word = choice.log_probability + (goes_on ? word : 0);
    const bool writes = written_.size() + piece.size() > run.start.pending.size() && !piece.empty();
    if (writes && word < run.options.least_log_probability) {
      out.stop = StopReason::unsure;
      if (is_word(piece.front())) take_back_word(out.text);
      break;
    }
    ++out.tokens;
    sum += choice.log_probability;
    if (mask_.ends_document(choice.token)) {
      out.stop = choice.token == tokenizer_->control(Control::prefix) ? StopReason::filled : StopReason::end;
      break;
    }
    written_ += piece;
    if (written_.size() > run.start.pending.size()) {
      ++beyond;
      const std::string_view written(written_);
      const std::string_view whole = written.substr(0, written.size() - incomplete_tail(written));
      const std::string_view text = whole.substr(std::min(whole.size(), run.start.pending.size()));
      out.text.assign(text);
      if (run.observer) run.observer(out.text);
      if (const auto end = find_boundary(run.options.boundary, run.start.line, text)) {
        out.text.resize(*end);
        out.stop = StopReason::boundary;
        if (run.token_ms) run.token_ms(milliseconds_since(began));
        break;
      }
    }
    read_run(run.executor, scratch_, {&choice.token, 1}, run.start.settings, newline_);
    recent_.add(choice.token);
    if (run.token_ms) run.token_ms(milliseconds_since(began));
  }
  if (out.tokens > 0) out.mean_log_probability = sum / out.tokens;
}

std::vector<Completion> Completer::alternatives(Executor& executor, const CompletionStart& start,
                                                const CompletionOptions& options, std::size_t count,
                                                const std::stop_token& stop,
                                                const std::function<void(double)>& token_ms) {
  std::vector<Completion> results;
  if (start.state->counters().tokens == 0 || count == 0) return results;
  written_.clear();
  begin(executor, start, options);
  expected_.start(start.pending, options.expected);
  find_words(executor, start, stop, count);
  const std::vector<Word> words(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(found_));
  const CompletionObserver no_observer;
  for (const Word& word : words) {
    if (stop.stop_requested()) break;
    sampler_.start(options.sampling);
    Completion completion;
    Run run{executor, start, options, completion, stop, no_observer, token_ms};
    generate(run, word.tokens);
    const bool known = std::any_of(results.begin(), results.end(),
                                   [&](const Completion& other) { return other.text == completion.text; });
    if (!known && !completion.text.empty() && completion.stop != StopReason::cancelled)
      results.push_back(std::move(completion));
  }
  return results;
}

}  // namespace catena::model
