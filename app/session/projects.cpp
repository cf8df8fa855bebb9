#include "app/session/projects.h"

#include <xxhash.h>

#include <QDateTime>
#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace catena::app {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds progress_every{100};
const QString try_again = QStringLiteral("Try again"), remember_again = QStringLiteral("Remember again");

std::string name_of(const std::string& folder) {
  const fs::path path(folder);
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

bool lies_in(const std::string& path, const std::string& folder) {
  return path.starts_with(folder.ends_with('/') ? folder : folder + '/');
}

std::uint64_t fingerprint(const model::ChainState& state) {
  std::ostringstream out;
  state.save(out);
  const std::string bytes = std::move(out).str();
  return XXH3_64bits(bytes.data(), bytes.size());
}

QDateTime date_of(fs::file_time_type time) {
  const auto since_epoch = std::chrono::file_clock::to_sys(time).time_since_epoch();
  return QDateTime::fromMSecsSinceEpoch(std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
}

QString action_for(const std::string& folder) {
  return QLatin1String(remember_action) + QString::fromStdString(folder);
}

}  // namespace

Projects::Projects(fs::path keep, ProjectEvents events, std::function<void(JobThread::Job)> post)
    : store_(std::move(keep)), events_(std::move(events)), post_(std::move(post)) {
  // Its jobs catch what they throw; this is for what nobody thought of.
  disk_.start([this](const std::string& line) {
    post_([this, line] { events_.notice({ui::Panel::editor, QString::fromStdString(line), {}, {}, false}); });
  });
}

void Projects::use(std::shared_ptr<const model::TextModel> model, std::shared_ptr<model::Executor> executor) {
  model_ = std::move(model);
  executor_ = std::move(executor);
  if (running_) fail("another model was loaded");
  told_of_another_.clear();
  look_up();
}

void Projects::move_to(const std::shared_ptr<model::Executor>& executor) {
  executor_ = executor;
  if (!running_ || running_->writing) return;
  if (!running_->device_failed) {
    try {
      if (running_->reader) running_->reader->move_to(executor);
      return;
    } catch (const std::exception&) {
      // The old device does not give back what was read.
    }
  }
  const std::string folder = running_->folder;
  const model::StreamSettings settings = running_->settings;
  running_->looking.request_stop();
  running_.reset();
  remember(folder, settings);
}

void Projects::look_up() {
  known_.clear();
  for (ProjectStore::Entry& entry : store_.list([this](const std::string& line) {
         events_.notice({ui::Panel::editor, QString::fromStdString(line), {}, {}, false});
       }))
    known_.push_back({std::move(entry), std::nullopt, false});

  QVector<ui::RememberedProject> list;
  for (const Known& known : known_) {
    const model::ProjectMemory::About& about = known.kept.about;
    const bool other = model_ == nullptr || about.model_id != model_->id();
    const ui::RememberedProject project{QString::fromStdString(about.folder), date_of(known.kept.read_at), about.files,
                                        other ? QString::fromStdString(about.model) : QString()};
    // A folder is listed once: as this model's, if it is one.
    if (list.isEmpty() || list.last().folder != project.folder)
      list.append(project);
    else if (!other)
      list.last() = project;
  }
  events_.list(list);
}

// --- reading a folder -----------------------------------------------------------------------------------------------

void Projects::remember(const std::string& folder, const model::StreamSettings& settings) {
  if (running_) {
    complain(folder,
             QStringLiteral("%1 is still being read: remember %2 after it.")
                 .arg(QString::fromStdString(name_of(running_->folder)), QString::fromStdString(name_of(folder))),
             try_again);
    return;
  }
  running_.emplace();
  running_->number = ++last_number_;
  running_->folder = folder;
  running_->settings = settings;
  running_->settings.carry = true;  // the carried state is what is remembered
  if (!store_.keeps()) return fail("nothing is kept in this session");
  if (model_ == nullptr) return fail("no model is loaded yet");
  if (model_->config().carry == model::Carry::none)
    return fail("model '" + model_->config().name + "' carries nothing");
  tell(State::looking);
  disk_.post([this, number = last_number_, folder, stop = running_->looking.get_token()] {
    try {
      std::vector<SourceFile> files = source_files(folder, stop);
      post_([this, number, files = std::move(files)] { found(number, files); });
    } catch (const std::exception& error) {
      post_([this, number, line = std::string(error.what())] {
        if (is_running(number)) fail(line);
      });
    }
  });
}

void Projects::found(int number, std::vector<SourceFile> files) {
  if (!is_running(number)) return;
  try {
    running_->reader =
        std::make_unique<ProjectReader>(running_->folder, std::move(files), model_, executor_, running_->settings);
  } catch (const std::exception& error) {
    return reading_failed(error.what());
  }
  tell(State::reading);
}

void Projects::read_slice() {
  bool done = false;
  try {
    done = running_->reader->read(Clock::now());  // one piece: whoever asks for a suggestion meanwhile waits for it
  } catch (const std::exception& error) {
    return reading_failed(error.what());
  }
  if (done || Clock::now() - running_->told_at >= progress_every) tell(State::reading);
  if (done) finish();
}

void Projects::finish() {
  const auto memory = std::make_shared<const model::ProjectMemory>(running_->reader->result());
  if (memory->files == 0) return fail(running_->folder + ": none of its files could be read");
  running_->writing = true;
  disk_.post([this, number = running_->number, memory, model = model_] {
    try {
      store_.save(*memory, *model);
      post_([this, number] { saved(number); });
    } catch (const std::exception& error) {
      post_([this, number, line = std::string(error.what())] {
        if (is_running(number)) fail(line);
      });
    }
  });
}

void Projects::saved(int number) {
  look_up();
  if (is_running(number)) {
    events_.notice({ui::Panel::editor, {}, {}, action_for(running_->folder), true});
    end(State::done);
  }
  events_.changed();
}

void Projects::cancel() {
  if (running_ && !running_->writing) end(State::stopped);
}

void Projects::reading_failed(const std::string& line) {
  if (executor_->options().device == model::Device::cpu) return fail(line);
  running_->device_failed = true;
  throw std::runtime_error(line);  // whoever chooses the device calls move_to()
}

void Projects::fail(const std::string& line) {
  const std::string folder = running_->folder;
  end(State::stopped);
  complain(folder,
           QStringLiteral("%1 was not remembered: %2.")
               .arg(QString::fromStdString(name_of(folder)), QString::fromStdString(line)),
           try_again);
}

void Projects::complain(const std::string& folder, const QString& line, const QString& action) {
  events_.notice({ui::Panel::editor, line, action, action_for(folder), false});
}

void Projects::end(State state) {
  tell(state);
  running_->looking.request_stop();
  running_.reset();
}

void Projects::tell(State state) {
  ui::RememberingProgress progress;
  progress.folder = QString::fromStdString(running_->folder);
  progress.state = state;
  if (running_->reader) {
    const ProjectReader::Progress& at = running_->reader->progress();
    progress.files = static_cast<int>(at.files);
    progress.read_bytes = static_cast<qint64>(at.bytes);
    progress.total_bytes = static_cast<qint64>(at.bytes_total);
  }
  running_->told_at = Clock::now();
  events_.progress(progress);
}

void Projects::forget(const std::string& folder) {
  if (running_ && running_->folder == folder) cancel();
  // On this thread: it is a file or two, and whoever forgets expects them gone.
  try {
    store_.remove(folder);
    events_.notice({ui::Panel::editor, {}, {}, action_for(folder), true});
  } catch (const std::exception& error) {
    events_.notice({ui::Panel::editor, QString::fromStdString(error.what()), {}, {}, false});
  }
  look_up();
  events_.changed();
}

// --- what a document starts from ------------------------------------------------------------------------------------

bool Projects::load(Known& known) {
  if (known.loaded) return true;
  if (known.unusable) return false;
  const model::ProjectMemory::About& about = known.kept.about;
  if (about.model_id != model_->id()) return false;
  try {
    auto memory = model::ProjectMemory::load(known.kept.file, *model_);
    const std::uint64_t print = fingerprint(memory->state);
    known.loaded = StartingPoint{std::move(memory), print};
    return true;
  } catch (const std::exception&) {
    known.unusable = true;
    complain(about.folder,
             QStringLiteral("What was remembered of %1 is damaged and not used: remember the folder again.")
                 .arg(QString::fromStdString(name_of(about.folder))),
             remember_again);
    return false;
  }
}

StartingPoint Projects::start_of(const std::string& document) {
  if (model_ == nullptr || !fs::path(document).is_absolute()) return {};
  std::error_code error;
  const fs::path real = fs::weakly_canonical(document, error);  // folders are remembered under their real names
  const std::string path = error ? document : real.string();

  Known* best = nullptr;
  const Known* another = nullptr;
  for (Known& known : known_) {
    const model::ProjectMemory::About& about = known.kept.about;
    if (!lies_in(path, about.folder)) continue;
    // The list is sorted: of folders inside each other the inner one comes later.
    if (load(known))
      best = &known;
    else if (about.model_id != model_->id())
      another = &known;
  }
  if (another != nullptr && (best == nullptr || best->kept.about.folder.size() < another->kept.about.folder.size()) &&
      told_of_another_.insert(another->kept.about.folder).second) {
    complain(another->kept.about.folder,
             QStringLiteral("%1 was remembered by model '%2', not by this '%3': its documents start without it.")
                 .arg(QString::fromStdString(name_of(another->kept.about.folder)),
                      QString::fromStdString(another->kept.about.model), QString::fromStdString(model_->config().name)),
             remember_again);
  }
  return best == nullptr ? StartingPoint() : *best->loaded;
}

void Projects::stop() {
  if (running_) running_->looking.request_stop();
  disk_.stop();
}

}  // namespace catena::app
