// Everything that happens on the model thread: the model, the documents' streams, suggestions, settings, and what is
// kept on disk. AppSession posts calls to it and passes on what it tells.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "app/session/document_streams.h"
#include "app/session/job_thread.h"
#include "app/session/projects.h"
#include "app/session/settings_watch.h"
#include "app/session/stream_meters.h"
#include "app/session/stream_store.h"
#include "app/suggest/word_ranker.h"
#include "model/attention/stream_lanes.h"
#include "ui/session.h"

namespace catena::app {

/// Nothing written for this long is a pause.
inline constexpr std::chrono::milliseconds writing_pause{1000};
/// Between two looks at whether something is to be kept: what kill -9 loses at most.
inline constexpr std::chrono::milliseconds keep_every{3000};
/// Identifies the notice that session files cannot be written.
inline constexpr const char* keep_notice = "session:keep";

/// The first line of an exception's text: those of a device bring their call stack.
std::string first_line(const std::string& text);

/// What the service tells; called on the model thread, notice() also on the one that writes session files.
struct ServiceEvents {
  std::function<void(const ui::ModelInfo&)> model_changed;
  std::function<void(const ui::Suggestion&)> suggestion;
  std::function<void(const ui::ReadingProgress&)> progress;
  std::function<void(const std::string& text)> setting_took_effect;  ///< "chunk 128 -> 64"
  std::function<void(const ui::ChunkSettings&)> settings_refused;    ///< what is in force instead
  std::function<void(const ui::Notice&)> notice;
  std::function<void(const ui::RememberingProgress&)> remembering;
  std::function<void(const QVector<ui::RememberedProject>&)> projects;  ///< all that are remembered
  std::function<void(const ui::DocumentStart&)> document_starts;
  // For those who read along with the active document's stream.
  std::function<void(const model::lab::LaneModel&)> runs_with;  ///< this model, with these settings
  std::function<void(ui::DocumentId, const model::lab::TokenLog&)>
      stream_begins;  ///< it is active now, and has read these
  std::function<void(std::int64_t place, std::span<const model::Token>)> stream_reads;
};

/// Where things are kept; an empty folder: nowhere.
struct KeepFolders {
  std::filesystem::path streams;   ///< session files
  std::filesystem::path projects;  ///< what is remembered of projects
};

/// A question for a suggestion.
struct SuggestionRequest {
  quint64 number = 0;
  ui::DocumentId document = 0;
  std::size_t position = 0;
  bool explicitly = false;
  Clock::time_point asked_at;
  std::stop_token stop;     ///< a newer request came
  std::stop_token no_more;  ///< somebody typed on: further alternatives are not wanted
};

class StreamService {
 public:
  /// `jobs_wait` tells whether a job waits for the model thread, `post` hands it one.
  StreamService(KeepFolders keep, ServiceEvents events, StreamMeters& meters, std::function<bool()> jobs_wait,
                std::function<void(JobThread::Job)> post);
  ~StreamService();

  /// Loads a model and begins to read all open documents with it. When it cannot be loaded, the one in use stays.
  void load(const std::filesystem::path& folder, const ui::ChunkSettings& settings);

  void open(ui::DocumentId id, const std::string& name, std::string_view text);
  void close(ui::DocumentId id);
  void set_active(ui::DocumentId id);
  void edit(ui::DocumentId id, std::size_t at, std::size_t removed, std::string_view inserted);
  void set_cursor(ui::DocumentId id, std::size_t position);
  void suggest(const SuggestionRequest& request);
  void apply(const ui::ChunkSettings& settings);

  /// Reads a project's files with the settings in force, as Projects::remember.
  void remember(const std::string& folder);
  void cancel_remembering() { projects_.cancel(); }
  void forget(const std::string& folder) { projects_.forget(folder); }

  /// Words of an utterance: the active stream reads them as an aside, and suggestions look at them as at another
  /// document.
  void hear(const std::string& words);
  /// Tells stream_begins once more.
  void tell_stream();

  /// Speaker or writer pauses: ends the active stream's chunk under ChunkPolicy::pause.
  void pause();

  /// A job ended in this exception; JobThread::Failed. Where another device than the CPU reads it is the one to blame:
  /// then all goes on on the CPU, with one notice. Else the notice is the line.
  void failed(const std::string& line);

  /// A slice of reading or saving; JobThread::Idle.
  std::optional<std::chrono::milliseconds> idle();
  /// Writes what is not written yet and waits for it: the end of the program.
  void save_all();

  /// For tests: the streams of a document.
  const DocumentStreams* document(ui::DocumentId id) const;

 private:
  struct Document {
    std::unique_ptr<DocumentStreams> streams;
    std::shared_ptr<model::lab::TokenLog> log;  // the newest tokens that its stream has read
    bool dirty = false;                         // something was read that is not kept yet
    Clock::time_point keep_at{};
    Clock::time_point edited_at{};
    bool paused = true;  // the pause since the last edit has been told
  };

  void attach(ui::DocumentId id, Document& document);
  /// Documents that would start from something else now are read anew, where that is soon done.
  void restart_documents();
  /// Reads on in the folder that is being remembered, or says when it may; nothing when there is none.
  std::optional<std::chrono::milliseconds> remember_on();
  ProjectEvents project_events();
  Document* find(ui::DocumentId id);
  Document* active() { return find(active_); }
  void find_suggestions(const SuggestionRequest& request);
  void answer(const SuggestionRequest& request, const QStringList& texts, int tokens);
  /// What surrounds the cursors of the other documents, and what was heard.
  std::vector<std::string> text_of_others(ui::DocumentId id) const;
  /// Another stream may be the active one now.
  void watch_active();
  void has_read(Document& document);
  // stream_service_device.cpp
  /// The executor that the settings ask for; where its device is not to be had one on the CPU, with a notice, and the
  /// settings say so.
  std::shared_ptr<model::Executor> executor_or_cpu(const model::TextModel& model, ui::ChunkSettings& settings);
  void tell_of_device(const std::string& what, const std::string& why);
  void change_executor(const ui::ChunkSettings& settings);
  /// All documents read with this one from now on, those whose states cannot be had any more from their text again.
  void go_on_with(std::shared_ptr<model::Executor> executor);
  /// Leaves a device that failed for the CPU; false where the CPU is what reads.
  bool fall_back(const std::string& why);
  /// Does some work once more on the CPU where a device fails; the work may be begun anew.
  template <typename Work>
  void on_device(const Work& work);
  std::size_t budget_bytes() const;
  void report_progress(const DocumentStreams& streams);
  void publish();
  void keep(ui::DocumentId id, Document& document, bool closing);
  void write(const SavedStream& saved);
  std::optional<std::chrono::milliseconds> keep_due();
  std::optional<std::chrono::milliseconds> pause_due();
  ui::ModelInfo info() const;
  void tell_settings();

  ServiceEvents events_;
  StreamMeters& meters_;
  std::function<bool()> jobs_wait_;
  std::shared_ptr<const model::TextModel> model_;
  std::shared_ptr<const WordRanker> ranker_;  // of its suggestions' words, or none
  std::shared_ptr<model::Executor> executor_;
  Clock::time_point asked_at_{};  // for the last suggestion
  bool load_failed_ = false;      // and the user was told
  ui::ChunkSettings settings_;
  SettingsWatch watch_;
  std::map<ui::DocumentId, Document> documents_;
  ui::DocumentId active_ = 0;
  std::string heard_;  // utterances, a line each; the last of them
  bool progress_shown_ = false;
  Clock::time_point progress_at_{};
  std::optional<StreamStore> store_;
  bool store_failing_ = false;  // of the writer
  Projects projects_;
  std::function<void(JobThread::Job)> post_;
  JobThread writer_;  // an fsync may take long. Last: it ends before what it uses
};

template <typename Work>
void StreamService::on_device(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    if (!fall_back(error.what())) throw;
    work();
  }
}

}  // namespace catena::app
