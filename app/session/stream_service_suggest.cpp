// How the service answers a question for a suggestion.
#include <algorithm>

#include "app/session/stream_service.h"
#include "app/session/suggestion_rules.h"

namespace catena::app {
namespace {

// An automatic suggestion ends before the first token less likely than this (nats), since a wrong one distracts.
// Measured with catena-text-1 at 946 places of held-out code: whole lines are there at 80 % of them and have the next
// word right in 25 %; ended at -2.0 something is left at 25 % of the places and has it right in 48 %. Who asks
// explicitly gets the line.
constexpr double least_log_probability = -2.0;
// Shorter ones save no key: reading and accepting them takes longer than typing.
constexpr qsizetype least_characters = 2;
constexpr std::size_t most_alternatives = 3;
constexpr int line_tokens = 32;
constexpr int block_tokens = 64;

// What may be read before an answer: this long, at the speed measured so far.
constexpr double reading_s = 0.05;
constexpr double cautious_tokens_per_s = 4000;  // before anything was measured
constexpr double bytes_per_token = 3;
constexpr std::size_t least_budget = 1024, most_budget = 8192;

constexpr std::size_t line_lookback = 256;

std::string line_before(const TextMirror& text, std::size_t position) {
  std::string before = text.substr(position - std::min(position, line_lookback), position);
  return before.substr(before.rfind('\n') + 1);
}

}  // namespace

std::size_t StreamService::budget_bytes() const {
  const double measured = meters_.tokens_per_s();
  const double speed = measured > 0 ? measured : cautious_tokens_per_s;
  return static_cast<std::size_t>(std::clamp(speed * reading_s * bytes_per_token, static_cast<double>(least_budget),
                                             static_cast<double>(most_budget)));
}

void StreamService::suggest(const SuggestionRequest& request) {
  Document* document = find(request.document);
  if (document == nullptr || !document->streams->attached() || request.stop.stop_requested()) return;
  DocumentStreams& streams = *document->streams;
  streams.set_cursor(request.position);
  model::TextStream* stream = streams.stream_at(request.position, budget_bytes(), request.stop);
  if (stream == nullptr) return;
  has_read(*document);

  const std::string following = streams.text().substr(request.position, request.position + following_bytes);
  model::CompletionOptions options;
  const bool blank = on_blank_line(line_before(streams.text(), request.position), following);
  options.boundary = blank ? model::Boundary::block : model::Boundary::line;
  options.max_tokens = blank ? block_tokens : line_tokens;
  if (!request.explicitly) options.least_log_probability = least_log_probability;
  const model::Completion best = stream->complete(options, request.stop);
  if (best.stop == model::StopReason::cancelled) return;

  QStringList texts;
  const auto take = [&](const model::Completion& completion) {
    const QString text = QString::fromStdString(fit_to_following(completion.text, following));
    const qsizetype least = request.explicitly ? 1 : least_characters;
    if (text.trimmed().size() >= least && !texts.contains(text)) texts.append(text);
  };
  take(best);
  answer(request, texts, best.tokens);
  if (texts.isEmpty() && !request.explicitly) return;

  // Others to choose from, as long as nobody waits.
  if (jobs_wait_() || request.no_more.stop_requested()) return;
  const auto others = stream->alternatives(options, most_alternatives, request.no_more);
  if (request.no_more.stop_requested()) return;
  int tokens = best.tokens;
  const qsizetype before = texts.size();
  for (const model::Completion& other : others) {
    tokens += other.tokens;
    if (texts.size() < static_cast<qsizetype>(most_alternatives)) take(other);
  }
  if (texts.size() > before) answer(request, texts, tokens);
}

void StreamService::answer(const SuggestionRequest& request, const QStringList& texts, int tokens) {
  ui::Suggestion suggestion;
  suggestion.request = request.number;
  suggestion.document = request.document;
  suggestion.byte_position = static_cast<int>(request.position);
  suggestion.alternatives = texts;
  suggestion.latency_ms = std::chrono::duration<double, std::milli>(Clock::now() - request.asked_at).count();
  suggestion.tokens = tokens;
  events_.suggestion(suggestion);
}

}  // namespace catena::app
