#include "app/session/stream_service.h"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace catena::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds slice{12};  // of reading, between two looks at the queue
constexpr milliseconds progress_every{100};
constexpr std::size_t soon_retold_bytes = 64 * 1024;
constexpr std::size_t progress_worth_bytes = 4096;  // a shorter way to the cursor is not worth a progress line
constexpr const char* choose_model = "model:choose";

bool same(const model::ExecutorOptions& a, const model::ExecutorOptions& b) {
  return a.device == b.device && a.precision == b.precision && a.threads == b.threads;
}

}  // namespace

StreamService::StreamService(KeepFolders keep, ServiceEvents events, StreamMeters& meters,
                             std::function<bool()> jobs_wait, std::function<void(JobThread::Job)> post)
    : events_(std::move(events)),
      meters_(meters),
      jobs_wait_(std::move(jobs_wait)),
      projects_(std::move(keep.projects), project_events(), post),
      post_(std::move(post)) {
  if (!keep.streams.empty()) store_.emplace(std::move(keep.streams));
  writer_.start([this](const std::string& line) {
    store_failing_ = true;
    events_.notice({ui::Panel::editor, QString::fromStdString(line), {}, QLatin1String(keep_notice), false});
  });
}

StreamService::~StreamService() = default;

ui::ModelInfo StreamService::info() const {
  ui::ModelInfo info;
  info.cuda_available = model::executor_available(model::Device::cuda);
  info.max_threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (model_ == nullptr) return info;
  info.loaded = true;
  info.name = QString::fromStdString(model_->config().name);
  info.parameters = model_->config().parameters();
  info.carry = QString::fromStdString(to_string(model_->config().carry));
  info.default_gate_temperature = static_cast<double>(model_->config().gate_temperature);
  return info;
}

void StreamService::load(const std::filesystem::path& folder, const ui::ChunkSettings& settings) {
  ui::Notice notice{
      ui::Panel::editor, {}, QStringLiteral("Choose model folder..."), QLatin1String(choose_model), false};
  ui::ChunkSettings in_force = settings;
  try {
    auto model = model::TextModel::load(folder);
    auto ranker = WordRanker::of_model(folder);
    executor_ = executor_or_cpu(*model, in_force);
    model_ = std::move(model);
    ranker_ = std::move(ranker);
  } catch (const std::exception& error) {
    notice.text = QString::fromUtf8(error.what());
    ui::ModelInfo info = this->info();
    info.problem = notice.text;
    load_failed_ = true;
    events_.model_changed(info);
    events_.notice(notice);
    return;
  }
  settings_ = in_force;
  projects_.use(model_, executor_);
  tell_settings();
  on_device([this] {
    for (auto& [id, document] : documents_) attach(id, document);
  });
  set_active(active_);
  notice.resolved = true;
  if (std::exchange(load_failed_, false)) events_.notice(notice);
  events_.model_changed(info());
  if (settings_ != settings) events_.settings_refused(settings_);
}

void StreamService::attach(ui::DocumentId id, Document& document) {
  if (model_ == nullptr) return;
  model::StreamObserver observer;
  observer.chunk = [this](int tokens, double ms) { meters_.chunk(tokens, ms); };
  observer.token = [this](double ms) { meters_.token(ms); };
  document.log = std::make_shared<model::lab::TokenLog>(model::lab::LaneLimits().log);
  observer.read = [this, id, log = document.log](std::int64_t place, std::span<const model::Token> tokens) {
    log->write(place, tokens);
    if (id == active_) events_.stream_reads(place, tokens);
  };
  const StartingPoint start = projects_.start_of(document.streams->name());
  document.streams->attach(model_, executor_, to_stream_settings(settings_, model_->config()), observer, start);
  events_.document_starts({id, start.memory ? QString::fromStdString(start.memory->folder) : QString()});
  if (!store_) return;
  const auto saved = store_->load(document.streams->name());
  if (!saved || !document.streams->resume(*saved)) return;
  std::int64_t place = 0;
  const std::vector<model::Token> tokens = document.streams->retold(soon_retold_bytes, place);
  document.log->write(place, tokens);
}

StreamService::Document* StreamService::find(ui::DocumentId id) {
  const auto found = documents_.find(id);
  return found == documents_.end() ? nullptr : &found->second;
}

const DocumentStreams* StreamService::document(ui::DocumentId id) const {
  const auto found = documents_.find(id);
  return found == documents_.end() ? nullptr : found->second.streams.get();
}

void StreamService::open(ui::DocumentId id, const std::string& name, std::string_view text) {
  Document document;
  document.streams = std::make_unique<DocumentStreams>(name, text);
  Document& opened = documents_.insert_or_assign(id, std::move(document)).first->second;
  on_device([&] { attach(id, opened); });
  if (id == active_) set_active(id);
}

void StreamService::close(ui::DocumentId id) {
  const auto closed = documents_.extract(id);
  if (closed) keep(id, closed.mapped(), true);
  publish();
}

void StreamService::set_active(ui::DocumentId id) {
  active_ = id;
  progress_shown_ = false;
  watch_active();
  tell_stream();
}

void StreamService::watch_active() {
  const Document* document = active();
  if (document != nullptr && document->streams->attached())
    watch_.begin(document->streams->at_cursor()->stream().state(), model_->config());
  publish();
}

void StreamService::tell_stream() {
  const Document* document = active();
  if (document != nullptr && document->log) events_.stream_begins(active_, *document->log);
}

void StreamService::tell_settings() {
  if (model_ == nullptr) return;
  events_.runs_with(
      {model_->weights(), to_executor_options(settings_).precision, to_stream_settings(settings_, model_->config())});
}

void StreamService::edit(ui::DocumentId id, std::size_t at, std::size_t removed, std::string_view inserted) {
  Document* document = find(id);
  if (document == nullptr) return;
  document->edited_at = Clock::now();
  document->paused = false;
  document->streams->edit(at, removed, inserted);
}

void StreamService::set_cursor(ui::DocumentId id, std::size_t position) {
  if (Document* document = find(id)) document->streams->set_cursor(position);
}

void StreamService::apply(const ui::ChunkSettings& settings) {
  const ui::ChunkSettings before = settings_;
  ui::ChunkSettings after = settings;
  if (model_ != nullptr) {
    try {
      if (!same(to_executor_options(before), to_executor_options(after))) change_executor(after);
    } catch (const std::exception& error) {
      after.device = before.device;
      after.precision = before.precision;
      after.threads = before.threads;
      events_.notice({ui::Panel::chunk, QString::fromStdString(first_line(error.what())), {}, {}, false});
    }
  }
  settings_ = after;  // whatever the device says to what follows
  if (model_ != nullptr) {
    for (auto& [id, document] : documents_) document.streams->set_settings(to_stream_settings(after, model_->config()));
  }
  tell_settings();
  SettingsWatch::immediate(before, after, events_.setting_took_effect);
  if (after != settings) events_.settings_refused(after);
}

void StreamService::pause() {
  if (Document* document = active()) {
    document->streams->pause();
    document->paused = true;
    has_read(*document);
  }
}

void StreamService::has_read(Document& document) {
  if (!document.dirty) document.keep_at = Clock::now() + keep_every;
  document.dirty = true;
  if (&document != active()) return;
  watch_.look(document.streams->at_cursor()->stream().state(), model_->config(), events_.setting_took_effect);
  publish();
}

std::optional<milliseconds> StreamService::idle() {
  Document* next = active();
  if (next == nullptr || !next->streams->behind()) {
    const auto behind = [](const auto& entry) { return entry.second.streams->behind(); };
    const auto found = std::find_if(documents_.begin(), documents_.end(), behind);
    next = found == documents_.end() ? nullptr : &found->second;
  }
  if (next != nullptr) {
    next->streams->read_slice(Clock::now() + slice);
    if (next == active()) report_progress(*next->streams);
    has_read(*next);
  }
  std::optional<milliseconds> again;
  const auto soonest = [&again](std::optional<milliseconds> wanted) {
    if (wanted && (!again || *wanted < *again)) again = wanted;
  };
  if (next != nullptr) soonest(milliseconds(0));
  soonest(pause_due());
  soonest(keep_due());
  if (next == nullptr) soonest(remember_on());  // what is open comes first
  return again;
}

void StreamService::report_progress(const DocumentStreams& streams) {
  const std::size_t total = streams.cursor();
  const std::size_t read = std::min(total, streams.at_cursor()->position());
  const bool done = !streams.behind();
  if (done ? !progress_shown_ : total - read < progress_worth_bytes && !progress_shown_) return;
  if (!done && Clock::now() - progress_at_ < progress_every) return;
  progress_at_ = Clock::now();
  progress_shown_ = !done;
  events_.progress({active_, static_cast<qint64>(done ? total : read), static_cast<qint64>(total)});
}

std::optional<milliseconds> StreamService::pause_due() {
  Document* document = active();
  if (settings_.policy != ui::ChunkPolicy::pause || document == nullptr || document->paused) return std::nullopt;
  const auto left = duration_cast<milliseconds>(document->edited_at + writing_pause - Clock::now());
  if (left.count() > 0) return left;
  if (document->streams->attached() && !document->streams->behind()) pause();
  return std::nullopt;
}

void StreamService::publish() {
  StreamFigures figures;
  const Document* document = active();
  if (document != nullptr && document->streams->attached()) {
    const model::TextStream& stream = document->streams->at_cursor()->stream();
    const model::ModelConfig& config = model_->config();
    const std::size_t number = executor_->options().precision == model::Precision::float32 ? 4 : 2;
    figures.state_bytes = stream.state_bytes();
    figures.marks_bytes = document->streams->marks_bytes();
    figures.tokens = stream.tokens();
    figures.chunks = stream.chunks();
    figures.chunk_length = stream.state().counters().chunk_length;
    figures.kv_cache_bytes = static_cast<std::size_t>(stream.tokens()) * 2 * static_cast<std::size_t>(config.layers) *
                             static_cast<std::size_t>(config.width) * number;
  }
  meters_.set(figures);
}

}  // namespace catena::app
