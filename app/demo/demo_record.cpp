#include "app/demo/demo_record.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "ui/typing_probe.h"

namespace catena::app {
namespace {

constexpr int line_every_ms = 1000;
constexpr double mib = 1024.0 * 1024.0;

QString oneLine(QString text) {
  text.replace(QLatin1Char('\n'), QStringLiteral("\\n"));
  return text;
}

}  // namespace

DemoRecord::DemoRecord(ui::Session& session, const std::filesystem::path& completions)
    : file_(completions), out_(completions, std::ios::trunc) {
  if (!out_) throw std::runtime_error("cannot write " + completions.string() + "; choose another folder with --output");
  clock_.start();
  since_line_.start();
  connect(&session, &ui::Session::suggestionReady, this, [this](const ui::Suggestion& s) { take(s); });
  connect(&session, &ui::Session::figures, this, [this](const ui::Figures& f) { take(f); });
  connect(&session, &ui::Session::soundFigures, this, [this](const ui::SoundFigures& f) { take(f); });
  connect(&session, &ui::Session::soundSegment, this, [this](const ui::SoundSegment& s) {
    std::printf("sound      %s %.2f s to %.2f s, known after %.0f ms\n", s.speech ? "speech" : "pause ",
                double(s.start_ms) / 1000, double(s.end_ms) / 1000, s.detection_latency_ms);
    if (s.speech) ++speech_segments_;
  });
  connect(&session, &ui::Session::settingsApplied, this,
          [](const ui::SettingsMark& mark) { std::printf("settings   %s\n", qPrintable(mark.text)); });
  connect(&session, &ui::Session::modelChanged, this, [this](const ui::ModelInfo& info) {
    if (info.loaded)
      std::printf("model      %s, %.1f million parameters, loaded after %lld ms\n", qPrintable(info.name),
                  double(info.parameters) / 1e6, static_cast<long long>(clock_.elapsed()));
  });
  connect(&session, &ui::Session::notice, this, [](const ui::Notice& notice) {
    if (!notice.resolved) std::printf("notice     %s\n", qPrintable(notice.text));
  });
}

void DemoRecord::take(const ui::Suggestion& suggestion) {
  if (suggestion.alternatives.isEmpty()) return;
  const bool first = !completions_.contains(suggestion.request);
  Completion& completion = completions_[suggestion.request];
  if (!first) return;  // further alternatives
  completion.text = suggestion.alternatives.first();
  completion.latency_ms = suggestion.latency_ms;
  completion.tokens = suggestion.tokens;
  latencies_.push_back(suggestion.latency_ms);
  if (first_ms_ < 0) first_ms_ = double(clock_.elapsed());
  std::printf("completion %6.1f ms  %s\n", suggestion.latency_ms, qPrintable(oneLine(completion.text)));
  std::fflush(stdout);
}

void DemoRecord::take(const ui::Figures& f) {
  most_tokens_ = std::max(most_tokens_, f.tokens);
  if (since_line_.elapsed() < line_every_ms) return;
  since_line_.restart();
  std::printf(
      "figures    tokens %lld  chunks %lld of %d  state %.2f MiB  KV cache %.2f MiB  resident %.0f MiB  "
      "%.0f tokens/s  queue %d%s\n",
      static_cast<long long>(f.tokens), static_cast<long long>(f.chunks), f.chunk_length, double(f.state_bytes) / mib,
      double(f.kv_cache_bytes) / mib, double(f.resident_bytes) / mib, f.tokens_per_s, f.queue, qPrintable(sound_));
  std::fflush(stdout);
}

void DemoRecord::take(const ui::SoundFigures& f) {
  sound_frames_ += static_cast<int>(f.log_mel.size());
  sound_ = f.running ? QStringLiteral("  sound %1 dBFS, RT factor %2%3")
                           .arg(f.level_dbfs, 0, 'f', 0)
                           .arg(f.real_time_factor, 0, 'f', 3)
                           .arg(f.speech ? QStringLiteral(", speech") : QString())
                     : QString();
}

void DemoRecord::accepted(quint64 request, const QString& text) {
  const auto found = completions_.find(request);
  if (found == completions_.end()) return;
  found->second.accepted += text;
  std::printf("accepted              %s\n", qPrintable(oneLine(text)));
}

QString DemoRecord::missing() const {
  const bool any_accepted = std::any_of(completions_.begin(), completions_.end(),
                                        [](const auto& entry) { return !entry.second.accepted.isEmpty(); });
  if (completions_.empty()) return QStringLiteral("no completion came");
  if (!any_accepted) return QStringLiteral("no completion was accepted");
  if (most_tokens_ == 0) return QStringLiteral("the dashboards got no figures");
  if (sound_frames_ == 0) return QStringLiteral("no sound reached the dashboards");
  if (speech_segments_ == 0) return QStringLiteral("no speech was noticed in the sound file");
  return {};
}

QString DemoRecord::finish() {
  for (const auto& [request, completion] : completions_) {
    const nlohmann::json line = {{"request", request},
                                 {"text", completion.text.toStdString()},
                                 {"accepted", !completion.accepted.isEmpty()},
                                 {"accepted_text", completion.accepted.toStdString()},
                                 {"latency_ms", completion.latency_ms},
                                 {"tokens", completion.tokens}};
    out_ << line.dump() << '\n';
  }
  out_.close();
  return out_ ? QString() : QStringLiteral("cannot write %1; is the disk full?").arg(file_.string().c_str());
}

void DemoRecord::printSummary(const QString& figures) const {
  std::printf("%s\n", qPrintable(figures));
  std::printf(
      "summary    %zu completions, first after %.0f ms, latency p50 %.1f ms p95 %.1f ms; %lld tokens read; "
      "%d speech segments heard\n",
      completions_.size(), first_ms_, ui::percentile(latencies_, 0.5), ui::percentile(latencies_, 0.95),
      static_cast<long long>(most_tokens_), speech_segments_);
}

}  // namespace catena::app
