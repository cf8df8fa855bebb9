// The remembered projects on the model's side: what a document starts from, and the folder that is being read.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "app/project/project_reader.h"
#include "app/session/document_streams.h"
#include "app/session/job_thread.h"
#include "app/session/project_store.h"
#include "ui/session.h"

namespace catena::app {

/// Begins the id of the notice, and of its button, that a folder is to be remembered; the folder follows.
inline constexpr const char* remember_action = "project:remember:";

/// Called on the model thread.
struct ProjectEvents {
  std::function<void(const ui::RememberingProgress&)> progress;
  std::function<void(const QVector<ui::RememberedProject>&)> list;
  std::function<void(const ui::Notice&)> notice;
  std::function<void()> changed;  ///< documents may start from something else now
};

/// On the model thread. Looking for files and writing happen on a thread of its own; reading, in slices, on the
/// caller's.
class Projects {
 public:
  /// `keep`: where the memories go, empty: nothing can be remembered. `post` hands a job to the model thread.
  Projects(std::filesystem::path keep, ProjectEvents events, std::function<void(JobThread::Job)> post);

  /// Another model: a folder that is being read is given up, and what this model remembers is looked up.
  void use(std::shared_ptr<const model::TextModel> model, std::shared_ptr<model::Executor> executor);
  /// Another executor of the same weights. A folder that is being read is read from its beginning where what the old
  /// one has read cannot be had any more.
  void move_to(const std::shared_ptr<model::Executor>& executor);

  /// Begins to read a folder. Whatever goes wrong is one notice, and what was remembered of it stays.
  void remember(const std::string& folder, const model::StreamSettings& settings);
  void cancel();
  void forget(const std::string& folder);

  /// There is something for read_slice() to do.
  bool reading() const { return running_ && running_->reader && !running_->writing; }
  /// Reads a few milliseconds. Throws std::runtime_error when another device than the CPU failed; move_to() then begins
  /// the folder anew.
  void read_slice();

  /// From the innermost remembered folder that the document (an absolute path) lies in. A memory that cannot be used is
  /// passed over, with one notice.
  StartingPoint start_of(const std::string& document);

  /// Ends what runs, waits for what is being written: the end of the program.
  void stop();

 private:
  struct Known {
    ProjectStore::Entry kept;
    std::optional<StartingPoint> loaded;
    bool unusable = false;  // and the user was told
  };
  struct Running {
    int number = 0;
    std::string folder;  // as it was asked for
    model::StreamSettings settings;
    std::stop_source looking;
    std::unique_ptr<ProjectReader> reader;  // once the files are found
    bool writing = false;                   // all is read; it cannot be cancelled any more
    bool device_failed = false;             // while reading: what was read is of no use
    Clock::time_point told_at{};
  };
  using State = ui::RememberingProgress::State;

  bool is_running(int number) const { return running_ && running_->number == number; }
  void found(int number, std::vector<SourceFile> files);
  void finish();
  void saved(int number);
  /// Gives the running folder up; throws instead where another device than the CPU is to blame, see move_to().
  void reading_failed(const std::string& line);
  /// The running folder is given up; `line` says why.
  void fail(const std::string& line);
  void complain(const std::string& folder, const QString& line, const QString& action);
  void end(State state);
  void tell(State state);
  void look_up();
  bool load(Known& known);

  ProjectStore store_;
  ProjectEvents events_;
  std::function<void(JobThread::Job)> post_;
  std::shared_ptr<const model::TextModel> model_;
  std::shared_ptr<model::Executor> executor_;
  std::vector<Known> known_;               // by folder
  std::set<std::string> told_of_another_;  // folders that only another model has read
  std::optional<Running> running_;
  int last_number_ = 0;
  JobThread disk_;  // last: it ends before what it uses
};

}  // namespace catena::app
