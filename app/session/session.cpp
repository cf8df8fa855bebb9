#include "app/session/session.h"

#include <QMetaMethod>
#include <algorithm>
#include <future>
#include <thread>

#include "model/runtime/memory.h"

namespace catena::app {
namespace {

constexpr int sample_ms = 50;  // 20 samples of the figures a second
constexpr const char* choose_model = "model:choose";

enum Kind { suggestion_job, cursor_job };

std::shared_ptr<audio::FarEnd> far_end() {
  try {
    return std::make_shared<audio::FarEnd>(audio::Synthesizer::instance().rate());
  } catch (const std::exception&) {
    return nullptr;  // there is no voice; who wants to hear it is told why
  }
}

}  // namespace

AppSession::AppSession(const SessionOptions& options, QObject* parent)
    : ui::Session(parent),
      gpu_bytes_(options.gpu_bytes),
      conversation_(conversationParts(), this),
      far_end_(far_end()),
      speaker_(
          [this](const audio::SpeakerEvent& event) {
            QMetaObject::invokeMethod(
                this, [this, event] { conversation_.voice(event); }, Qt::QueuedConnection);
          },
          far_end_),
      answers_(answerEvents()),
      speech_(speechEvents()),
      check_(this),
      sound_(
          clock_,
          [this](audio::SoundUpdate update) {
            compare_.hear(update);
            speech_.hear(std::move(update));
          },
          far_end_, this),
      service_(
          options.keep, serviceEvents(), meters_, [this] { return jobs_.waiting() > 0; },
          [this](JobThread::Job job) { jobs_.post(std::move(job)); }) {
  clock_.start();
  settings_.threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 2U));
  model_.max_threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));

  connect(&check_, &SoundCheckService::step, this, &Session::soundCheck);
  connect(&sound_, &SoundLink::figures, this, &Session::soundFigures);
  connect(&sound_, &SoundLink::segment, this, &Session::soundSegment);
  connect(&sound_, &SoundLink::notice, this, &Session::notice);
  connect(&sound_, &SoundLink::devicesChanged, this, &Session::soundDevicesChanged);
  connect(&sound_, &SoundLink::speechPaused, this, [this] { jobs_.post([this] { service_.pause(); }); });
  connectConversation();
  sound_.setChunks(settings_.sound_chunk_ms, settings_.policy == ui::ChunkPolicy::pause);
  sound_.refreshDevices();

  connect(&sampling_, &QTimer::timeout, this, &AppSession::sampleFigures);
  sampling_.start(sample_ms);

  jobs_.start([this](const std::string& line) { service_.failed(line); }, [this] { return service_.idle(); });
  loadModel(options.model);
  speech_.apply(settings_);
  speech_.load(options.speech);
}

AppSession::~AppSession() {
  cancelSuggestion();
  compare_.run(false);
  sound_.shutDown();
  speech_.stop();
  speaker_.stop();
  answers_.stop();
  jobs_.post([this] { service_.save_all(); });
  jobs_.stop();
}

SpeechEvents AppSession::speechEvents() {
  SpeechEvents events;
  events.heard = [this](const ui::SpeechUpdate& update) {
    QMetaObject::invokeMethod(
        this, [this, update] { heard(update); }, Qt::QueuedConnection);
  };
  events.notice = [this](const ui::Notice& notice) {
    QMetaObject::invokeMethod(
        this, [this, notice] { Q_EMIT this->notice(notice); }, Qt::QueuedConnection);
  };
  events.runs_with = [this](const model::lab::LaneModel& model) { compare_.use_for_sound(model); };
  return events;
}

ServiceEvents AppSession::serviceEvents() {
  // Each hands its value over to the UI thread.
  const auto later = [this](auto tell) {
    return [this, tell](const auto& value) {
      QMetaObject::invokeMethod(
          this, [value, tell] { tell(value); }, Qt::QueuedConnection);
    };
  };
  ServiceEvents events;
  events.model_changed = later([this](const ui::ModelInfo& info) {
    if (info.loaded && info.name != model_.name) {
      settings_.gate_temperature = info.default_gate_temperature;
      jobs_.post([this, settings = settings_] { service_.apply(settings); });
    }
    model_ = info;
    Q_EMIT modelChanged(info);
  });
  events.suggestion = later([this](const ui::Suggestion& suggestion) {
    if (suggestion.request == wanted_request_) Q_EMIT suggestionReady(suggestion);
  });
  events.progress = later([this](const ui::ReadingProgress& progress) { Q_EMIT readingProgress(progress); });
  events.setting_took_effect = later([this](const std::string& text) { mark(QString::fromStdString(text)); });
  events.settings_refused = later([this](const ui::ChunkSettings& settings) {
    settings_ = settings;
    Q_EMIT modelChanged(model_);  // whoever shows the settings looks at them again
  });
  events.notice = later([this](const ui::Notice& notice) { Q_EMIT this->notice(notice); });
  events.remembering = later([this](const ui::RememberingProgress& progress) { Q_EMIT rememberingProgress(progress); });
  events.projects = later([this](const QVector<ui::RememberedProject>& projects) {
    projects_ = projects;
    Q_EMIT projectsChanged();
  });
  events.runs_with = [this](const model::lab::LaneModel& model) { compare_.use(model); };
  events.stream_begins = [this](ui::DocumentId id, const model::lab::TokenLog& log) {
    compare_.document_begins(id, log);
  };
  events.stream_reads = [this](std::int64_t place, std::span<const model::Token> tokens) {
    compare_.document_reads(place, tokens);
  };
  events.document_starts = later([this](const ui::DocumentStart& start) { Q_EMIT documentStarts(start); });
  return events;
}

void AppSession::mark(const QString& text) { Q_EMIT settingsApplied({clock_.elapsed(), text}); }

ui::DocumentId AppSession::openDocument(const QString& name, const QByteArray& text) {
  const ui::DocumentId id = ++last_document_;
  jobs_.post([this, id, name = name.toStdString(), text] {
    service_.open(id, name, {text.constData(), static_cast<std::size_t>(text.size())});
  });
  return id;
}

void AppSession::closeDocument(ui::DocumentId document) {
  jobs_.post([this, document] { service_.close(document); });
}

void AppSession::setActiveDocument(ui::DocumentId document) {
  jobs_.post([this, document] { service_.set_active(document); });
}

void AppSession::textChanged(ui::DocumentId document, int byte_position, int removed_bytes,
                             const QByteArray& inserted) {
  stop_more_.request_stop();
  const auto at = static_cast<std::size_t>(std::max(0, byte_position));
  const auto removed = static_cast<std::size_t>(std::max(0, removed_bytes));
  jobs_.post([this, document, at, removed, inserted] {
    service_.edit(document, at, removed, {inserted.constData(), static_cast<std::size_t>(inserted.size())});
  });
}

void AppSession::cursorMoved(ui::DocumentId document, int byte_position) {
  const auto at = static_cast<std::size_t>(std::max(0, byte_position));
  jobs_.post_latest({cursor_job, document}, [this, document, at] { service_.set_cursor(document, at); });
}

quint64 AppSession::requestSuggestion(ui::DocumentId document, int byte_position, bool explicitly) {
  cancelSuggestion();
  stop_request_ = {};
  stop_more_ = {};
  wanted_request_ = ++last_request_;
  const SuggestionRequest request{last_request_,
                                  document,
                                  static_cast<std::size_t>(std::max(0, byte_position)),
                                  explicitly,
                                  Clock::now(),
                                  stop_request_.get_token(),
                                  stop_more_.get_token()};
  jobs_.post_latest({suggestion_job, 0}, [this, request] { service_.suggest(request); });
  return request.number;
}

void AppSession::cancelSuggestion() {
  wanted_request_ = 0;
  stop_request_.request_stop();
  stop_more_.request_stop();
}

void AppSession::rememberProject(const QString& folder) {
  jobs_.post([this, folder = folder.toStdString()] { service_.remember(folder); });
}

void AppSession::cancelRemembering() {
  jobs_.post([this] { service_.cancel_remembering(); });
}

void AppSession::forgetProject(const QString& folder) {
  jobs_.post([this, folder = folder.toStdString()] { service_.forget(folder); });
}

void AppSession::applySettings(const ui::ChunkSettings& settings) {
  settings_ = settings;
  sound_.setChunks(settings.sound_chunk_ms, settings.policy == ui::ChunkPolicy::pause);
  speech_.apply(settings);
  jobs_.post([this, settings] { service_.apply(settings); });
}

void AppSession::act(const QString& action_id) {
  if (action_id == QLatin1String(choose_model)) Q_EMIT modelFolderWanted();
  if (action_id.startsWith(QLatin1String(remember_action)))
    rememberProject(action_id.mid(static_cast<qsizetype>(qstrlen(remember_action))));
}

void AppSession::loadModel(const std::filesystem::path& folder) {
  answers_.load(folder);
  jobs_.post([this, folder, settings = settings_] { service_.load(folder, settings); });
}

void AppSession::inspect(const std::function<void(StreamService&)>& look) {
  std::promise<void> done;
  jobs_.post([&] {
    look(service_);
    done.set_value();
  });
  done.get_future().wait();
}

void AppSession::chooseCompared(const QStringList& ids) {
  compare_.choose(ids);
  tellStream();  // it may be the first who read along
}

void AppSession::setCompareSource(ui::CompareSource source) {
  compare_.set_source(source);
  tellStream();
}

void AppSession::setComparing(bool on) {
  if (!on) compare_.run(false);  // at once
  jobs_.post([this, on] {
    compare_.run(on);
    if (on) service_.tell_stream();  // before anything else is read: no token is missing between
  });
}

void AppSession::tellStream() {
  jobs_.post([this] { service_.tell_stream(); });
}

void AppSession::sampleFigures() {
  if (compare_.running()) Q_EMIT compared(compare_.take());
  static const QMetaMethod signal = QMetaMethod::fromSignal(&Session::figures);
  if (!isSignalConnected(signal)) return;
  const StreamMeters::Taken taken = meters_.take();
  ui::Figures figures;
  figures.time_ms = clock_.elapsed();
  figures.state_bytes = static_cast<qint64>(taken.figures.state_bytes);
  figures.marks_bytes = static_cast<qint64>(taken.figures.marks_bytes);
  figures.tensor_bytes = static_cast<qint64>(model::memory_counters().bytes_now);
  figures.resident_bytes = static_cast<qint64>(model::resident_bytes());
  if (gpu_bytes_) figures.gpu_bytes = gpu_bytes_();
  figures.kv_cache_bytes = static_cast<qint64>(taken.figures.kv_cache_bytes);
  figures.tokens = taken.figures.tokens;
  figures.chunks = taken.figures.chunks;
  figures.chunk_length = taken.figures.chunk_length;
  figures.queue = jobs_.waiting();
  figures.tokens_per_s = taken.figures.tokens_per_s;
  figures.chunk_ms = QVector<double>(taken.chunk_ms.begin(), taken.chunk_ms.end());
  figures.token_ms = QVector<double>(taken.token_ms.begin(), taken.token_ms.end());
  Q_EMIT this->figures(figures);
}

}  // namespace catena::app
