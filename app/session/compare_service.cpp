#include "app/session/compare_service.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace catena::app {
namespace {

using namespace std::chrono_literals;
using model::lab::TokenLog;

constexpr auto slice = 10ms;    // of one system, before the next has its turn
constexpr int nice_value = 15;  // a thirtieth of a busy processor, and all of an idle one

/// Whatever else wants a processor goes first. Threads have priorities of their own on Linux; elsewhere the lanes run
/// as the rest does.
void give_way() {
#ifdef __linux__
  setpriority(PRIO_PROCESS, 0, nice_value);
#endif
}

bool same(const model::lab::LaneModel& a, const model::lab::LaneModel& b) {
  return a.weights == b.weights && a.precision == b.precision && a.settings == b.settings;
}

QString about(const std::string& system) {
  if (system == model::lab::tracker_lane) return QObject::tr("The model in use: a chain state of constant size.");
  if (system == model::lab::transformer_lane)
    return QObject::tr(
        "As many parameters, every layer attends to everything read: its KV cache grows. On the tracker's own "
        "kernels.");
  if (system == "attention") return QObject::tr("Attention to everything read, with LibTorch's operators.");
  if (system == "block") return QObject::tr("Attention inside the running chunk.");
  if (system == "linear") return QObject::tr("Linear attention: sums over everything read.");
  if (system == "gated-linear") return QObject::tr("Linear attention that forgets, as a gate says.");
  if (system == "delta") return QObject::tr("Regression memory: the delta rule.");
  if (system == "importance") return QObject::tr("The chunk, and as much of a linear memory as a gate lets in.");
  if (system == "pyramid") return QObject::tr("The chunk, and summaries of what came before it.");
  return QObject::tr("The chunk, and a regression vector of the one before.");
}

QString shown_name(const std::string& system) {
  if (system == model::lab::tracker_lane) return QObject::tr("tracker");
  if (system == model::lab::transformer_lane) return QObject::tr("Transformer");
  return QString::fromStdString(system);
}

ui::CompareLane to_ui(const model::lab::LaneFigures& figures) {
  ui::CompareLane lane;
  lane.system = QString::fromStdString(figures.system);
  lane.run = figures.run;
  lane.tokens = figures.tokens;
  lane.behind = figures.behind;
  lane.state_bytes = figures.state_bytes;
  lane.held_bytes = figures.held_bytes;
  lane.p50_ms = figures.p50_ms;
  lane.p95_ms = figures.p95_ms;
  lane.problem = QString::fromStdString(figures.problem);
  for (const auto& step : figures.steps) lane.steps.append({step.tokens, static_cast<double>(step.ms)});
  return lane;
}

}  // namespace

QVector<ui::CompareSystem> compare_systems() {
  QVector<ui::CompareSystem> systems;
  for (const std::string& name : model::lab::lane_names())
    systems.append({QString::fromStdString(name), shown_name(name), about(name)});
  return systems;
}

CompareService::CompareService(const model::lab::LaneLimits& limits) : limits_(limits), lanes_(limits) {
  // A lane tells its own failure; whatever else could go wrong here is a lack of memory for its figures.
  jobs_.start([](const std::string&) {},
              [this]() -> std::optional<std::chrono::milliseconds> {
                if (!running()) return std::nullopt;
                const bool more =
                    lanes_.step(std::chrono::steady_clock::now() + slice, [this] { return jobs_.waiting() > 0; });
                return more ? std::optional(0ms) : std::nullopt;
              });
  jobs_.post(give_way);
}

void CompareService::wake() {
  jobs_.post_latest({0, 0}, [] {});
}

void CompareService::choose(const QStringList& systems) {
  std::vector<std::string> names;
  for (const QString& system : systems) names.push_back(system.toStdString());
  chosen_ = !names.empty();
  jobs_.post_latest({1, 0}, [this, names] {
    model::lab::use_one_thread();
    lanes_.choose(names);
  });
}

void CompareService::run(bool on) {
  run_ = on;
  if (on) wake();
}

void CompareService::set_source(ui::CompareSource source) {
  if (source_.exchange(source) == source) return;
  document_ = 0;
  if (source == ui::CompareSource::document) return;  // document_begins() follows
  if (source == ui::CompareSource::sound) {
    lanes_.begin_sound(model::kStackedFeatures, "the sound from now on, a frame each 40 ms");
  } else {
    lanes_.begin(TokenLog(limits_.log), "the conversation from now on");
  }
  wake();
}

void CompareService::use(const model::lab::LaneModel& model) {
  jobs_.post([this, model] {
    if (same(model, text_)) return;
    text_ = model;
    lanes_.use(model);
  });
}

void CompareService::use_for_sound(const model::lab::LaneModel& model) {
  jobs_.post([this, model] {
    if (same(model, speech_)) return;
    speech_ = model;
    lanes_.use_for_sound(model);
  });
}

void CompareService::document_begins(ui::DocumentId id, const TokenLog& log) {
  if (!reads(ui::CompareSource::document)) return;
  if (document_.exchange(id) != id) {
    const std::int64_t start = std::max(log.begin(), log.end() - limits_.back);
    lanes_.begin(log, start == 0 ? "the document from its beginning"
                                 : "the document from its token " + std::to_string(start) + " on");
    wake();
    return;
  }
  // The same one: those who have read along so far go on.
  std::vector<model::Token> tokens;
  for (std::int64_t place = log.begin(); place < log.end(); ++place) tokens.push_back(log.at(place));
  hand_over<model::Token>(log.begin(), tokens);
}

void CompareService::document_reads(std::int64_t place, std::span<const model::Token> tokens) {
  if (reads(ui::CompareSource::document)) hand_over(place, tokens);
}

void CompareService::conversation_reads(std::int64_t place, std::span<const model::Token> tokens) {
  if (reads(ui::CompareSource::conversation)) hand_over(place, tokens);
}

void CompareService::hear(const audio::SoundUpdate& update) {
  if (!reads(ui::CompareSource::sound)) return;
  if (update.stream != heard_stream_) {
    if (heard_frames_ > 0) lanes_.begin_sound(model::kStackedFeatures, "another sound from its beginning");
    heard_stream_ = update.stream;
    heard_frames_ = 0;
    stack_ = {};
  }
  frames_.clear();
  for (const audio::MelFrame& frame : update.log_mel) stack_.feed(frame, frames_);
  hand_over<float>(heard_frames_, frames_);
  heard_frames_ += static_cast<std::int64_t>(frames_.size()) / model::kStackedFeatures;
}

template <typename T>
void CompareService::hand_over(std::int64_t place, std::span<const T> read) {
  if (read.empty()) return;
  lanes_.write(place, read);
  wake();
}

ui::CompareFigures CompareService::take() {
  const model::lab::StreamLanes::Taken taken = lanes_.take();
  ui::CompareFigures figures;
  for (const auto& lane : taken.lanes) figures.lanes.append(to_ui(lane));
  figures.event = QString::fromStdString(taken.event);
  return figures;
}

}  // namespace catena::app
