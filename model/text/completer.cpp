#include "model/text/completer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "model/text/letters.h"
#include "model/text/utf8.h"

namespace catena::model {
namespace {

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
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
      continuation_(tokenizer, config),
      expected_(tokenizer),
      sampler_(config.vocab),
      words_(tokenizer) {}

std::size_t Completer::bytes() const { return continuation_.bytes() + words_.bytes(); }

void Completer::release() {
  continuation_.release();
  words_.release();
}

void Completer::complete(Executor& executor, const CompletionStart& start, const CompletionOptions& options,
                         Completion& out, const std::stop_token& stop, const CompletionObserver& observer,
                         const std::function<void(double)>& token_ms) {
  sampler_.start(options.sampling);
  Run run{executor, start, options, out, stop, observer, token_ms};
  generate(run, nullptr);
}

void Completer::generate(Run& run, const WordSearch::Word* first) {
  Completion& out = run.out;
  out.text.clear();
  out.tokens = 0;
  out.healed = static_cast<int>(run.start.pending.size());
  out.mean_log_probability = 0;
  out.stop = StopReason::nothing_read;
  if (run.start.state->counters().tokens == 0) return;

  continuation_.begin(run.executor, run.start, run.options.following);
  expected_.start(run.start.pending, run.options.expected);
  if (first == nullptr && run.options.sampling.temperature == 0) {
    const auto words = words_.find(continuation_, sampler_, run.options.expected, run.options.judge, 1, run.stop);
    if (!words.empty()) first = words.front();
  }
  std::span<const Token> given;
  double sum = 0, word = 0;  // log probabilities: of all tokens, of the running word's
  if (first != nullptr) {
    given = first->tokens;
    sum = word = std::log(first->probability);  // it was judged as a whole
    if (word < run.options.least_log_probability && !run.stop.stop_requested()) {
      out.stop = StopReason::unsure;
      return;
    }
  }
  const std::size_t typed = run.start.pending.size();
  int beyond = 0;  // tokens that wrote behind the typed text
  out.stop = StopReason::max_tokens;
  while (beyond < run.options.max_tokens) {
    if (run.stop.stop_requested()) {
      out.stop = StopReason::cancelled;
      break;
    }
    const auto began = std::chrono::steady_clock::now();
    const std::string& written = continuation_.written();
    const std::span<float> logits = continuation_.logits();
    expected_.mix(logits, written);
    Choice choice;
    if (!given.empty()) {
      choice.token = given.front();
      given = given.subspan(1);
    } else {
      if (first != nullptr && first->ends && out.tokens == static_cast<int>(first->tokens.size()))
        words_.end_word(logits);
      choice = sampler_.choose(logits);
      const std::string_view piece = tokenizer_->piece(choice.token);
      const bool goes_on = !piece.empty() && is_word(piece.front()) && !written.empty() && is_word(written.back());
      word = choice.log_probability + (goes_on ? word : 0);
      const bool writes = written.size() + piece.size() > typed && !piece.empty();
      if (writes && word < run.options.least_log_probability) {
        out.stop = StopReason::unsure;
        if (is_word(piece.front())) take_back_word(out.text);
        break;
      }
    }
    expected_.chosen(choice.token);
    ++out.tokens;
    sum += choice.log_probability;
    if (continuation_.ends(choice.token)) {
      out.stop = choice.token == tokenizer_->control(Control::prefix) ? StopReason::filled : StopReason::end;
      break;
    }
    continuation_.write(choice.token);
    if (written.size() > typed) {
      ++beyond;
      const std::string_view whole = std::string_view(written).substr(0, written.size() - incomplete_tail(written));
      const std::string_view text = whole.substr(std::min(whole.size(), typed));
      out.text.assign(text);
      if (run.observer) run.observer(out.text);
      if (const auto end = find_boundary(run.options.boundary, run.start.line, text)) {
        out.text.resize(*end);
        out.stop = StopReason::boundary;
      }
    }
    if (run.token_ms) run.token_ms(milliseconds_since(began));
    if (out.stop == StopReason::boundary) break;
  }
  if (out.tokens > 0) out.mean_log_probability = sum / out.tokens;
}

std::vector<Completion> Completer::alternatives(Executor& executor, const CompletionStart& start,
                                                const CompletionOptions& options, std::size_t count,
                                                const std::stop_token& stop,
                                                const std::function<void(double)>& token_ms) {
  std::vector<Completion> results;
  if (start.state->counters().tokens == 0 || count == 0) return results;
  continuation_.begin(executor, start, options.following);
  const auto found = words_.find(continuation_, sampler_, options.expected, options.judge, count, stop);
  std::vector<WordSearch::Word> words;
  for (const WordSearch::Word* word : found) words.push_back(*word);
  const CompletionObserver no_observer;
  for (const WordSearch::Word& word : words) {
    if (stop.stop_requested()) break;
    sampler_.start(options.sampling);
    Completion completion;
    Run run{executor, start, options, completion, stop, no_observer, token_ms};
    generate(run, &word);
    const bool known = std::any_of(results.begin(), results.end(),
                                   [&](const Completion& other) { return other.text == completion.text; });
    if (!known && !completion.text.empty() && completion.stop != StopReason::cancelled)
      results.push_back(std::move(completion));
  }
  return results;
}

}  // namespace catena::model
