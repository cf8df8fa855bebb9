// How the service answers a question for a suggestion.
#include <algorithm>

#include "app/session/stream_service.h"
#include "app/suggest/suggester.h"

namespace catena::app {
namespace {

constexpr std::size_t most_alternatives = 3;

// What may be read before an answer: this long, at the speed measured so far.
constexpr double reading_s = 0.05;
constexpr double cautious_tokens_per_s = 4000;  // before anything was measured
constexpr double bytes_per_token = 3;
constexpr std::size_t heard_bytes = 8 * 1024;  // of what was said
constexpr std::size_t least_budget = 1024, most_budget = 8192;

}  // namespace

std::size_t StreamService::budget_bytes() const {
  const double measured = meters_.tokens_per_s();
  const double speed = measured > 0 ? measured : cautious_tokens_per_s;
  return static_cast<std::size_t>(std::clamp(speed * reading_s * bytes_per_token, static_cast<double>(least_budget),
                                             static_cast<double>(most_budget)));
}

std::vector<std::string> StreamService::text_of_others(ui::DocumentId id) const {
  std::vector<std::string> texts;
  for (auto it = documents_.rbegin(); it != documents_.rend() && texts.size() < other_documents;
       ++it) {  // the newest first
    if (it->first == id) continue;
    const DocumentStreams& streams = *it->second.streams;
    const std::size_t begin = streams.cursor() - std::min(streams.cursor(), other_bytes / 2);
    texts.push_back(streams.text().substr(begin, begin + other_bytes));
  }
  if (!heard_.empty()) texts.push_back(heard_);
  return texts;
}

void StreamService::hear(const std::string& words) {
  heard_ += words + '\n';
  if (heard_.size() > 2 * heard_bytes) heard_.erase(0, heard_.size() - heard_bytes);
  Document* document = active();
  if (document == nullptr || !document->streams->attached()) return;
  document->streams->hear(words);
  has_read(*document);
}

void StreamService::suggest(const SuggestionRequest& request) {
  asked_at_ = Clock::now();
  on_device([&] { find_suggestions(request); });
}

void StreamService::find_suggestions(const SuggestionRequest& request) {
  Document* document = find(request.document);
  if (document == nullptr || !document->streams->attached() || request.stop.stop_requested()) return;
  DocumentStreams& streams = *document->streams;
  streams.set_cursor(request.position);
  model::TextStream* stream = streams.stream_at(request.position, budget_bytes(), request.stop);
  if (stream == nullptr) return;
  has_read(*document);

  const TextMirror& text = streams.text();
  const std::string before =
      text.substr(request.position - std::min(request.position, suggestion_lookback), request.position);
  const std::string after = text.substr(request.position, request.position + suggestion_lookahead);
  const std::vector<std::string> elsewhere = text_of_others(request.document);
  const SuggestionPlace place{before, after, request.explicitly, {elsewhere.begin(), elsewhere.end()}};
  const model::CompletionOptions options = suggestion_options(place, ranker_);
  const model::Completion best = stream->complete(options, request.stop);
  if (best.stop == model::StopReason::cancelled) return;

  QStringList texts;
  const auto take = [&](const model::Completion& completion) {
    const QString shown = QString::fromStdString(shown_suggestion(completion, place));
    if (!shown.isEmpty() && !texts.contains(shown)) texts.append(shown);
  };
  take(best);
  answer(request, texts, best.tokens);
  if (texts.isEmpty() && !request.explicitly) return;

  // Others to choose from, as long as nobody waits.
  if (jobs_wait_() || request.no_more.stop_requested()) return;
  const auto others = stream->alternatives(alternative_options(options), most_alternatives, request.no_more);
  if (request.no_more.stop_requested()) return;
  int tokens = best.tokens;
  const qsizetype known = texts.size();
  for (const model::Completion& other : others) {
    tokens += other.tokens;
    if (texts.size() < static_cast<qsizetype>(most_alternatives)) take(other);
  }
  if (texts.size() > known) answer(request, texts, tokens);
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
