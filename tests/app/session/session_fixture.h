// A real session over a tiny random model in a temporary folder, and waiting on its signals.
#pragma once

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QEventLoop>
#include <QTimer>
#include <functional>
#include <memory>
#include <vector>

#include "app/session/session.h"
#include "tests/model/text/fixtures.h"

// Catch would print a QString as a list of lists.
inline std::ostream& operator<<(std::ostream& out, const QString& text) { return out << text.toStdString(); }

namespace catena::app::test {

using model::test::TemporaryFolder;

/// One for the process; tests may run in any order.
inline QCoreApplication& application() {
  static int argc = 1;
  static char name[] = "session_tests";
  static char* argv[] = {name, nullptr};
  static auto* instance = new QCoreApplication(argc, argv);
  return *instance;
}

/// Handles events until `done`; false when that did not happen in time.
inline bool wait_until(const std::function<bool()>& done, int ms = 30000) {
  QDeadlineTimer deadline(ms);
  while (!done()) {
    if (deadline.hasExpired()) return false;
    QEventLoop loop;
    QTimer::singleShot(2, &loop, &QEventLoop::quit);
    loop.exec();
  }
  return true;
}

/// A model folder that holds a tiny random model.
inline void write_model(const std::filesystem::path& folder, unsigned seed = 1) {
  model::test::write_random_model(
      folder, model::test::tiny_config(model::Carry::delta, model::test::small_tokenizer()->vocab()), seed);
  std::filesystem::copy_file(model::test::small_tokenizer_file(), folder / "tokenizer.model");
}

/// Collects what a session says.
struct Listener {
  explicit Listener(ui::Session& session) {
    QObject::connect(&session, &ui::Session::suggestionReady, &context,
                     [this](const auto& s) { suggestions.push_back(s); });
    QObject::connect(&session, &ui::Session::notice, &context, [this](const auto& n) { notices.push_back(n); });
    QObject::connect(&session, &ui::Session::settingsApplied, &context, [this](const auto& m) { marks.push_back(m); });
    QObject::connect(&session, &ui::Session::readingProgress, &context,
                     [this](const auto& p) { progress.push_back(p); });
    QObject::connect(&session, &ui::Session::rememberingProgress, &context,
                     [this](const auto& p) { remembering.push_back(p); });
    QObject::connect(&session, &ui::Session::documentStarts, &context, [this](const auto& s) { starts.push_back(s); });
    QObject::connect(&session, &ui::Session::modelChanged, &context, [this](const auto& m) { models.push_back(m); });
  }
  QObject context;  // may go before the session
  std::vector<ui::Suggestion> suggestions;
  std::vector<ui::Notice> notices;
  std::vector<ui::SettingsMark> marks;
  std::vector<ui::ReadingProgress> progress;
  std::vector<ui::RememberingProgress> remembering;
  std::vector<ui::DocumentStart> starts;
  std::vector<ui::ModelInfo> models;
};

struct Fixture {
  Fixture() {
    application();
    write_model(folder / "model");
  }

  std::unique_ptr<AppSession> start(bool keep = false) const {
    const KeepFolders folders{folder / "streams", folder / "projects"};
    return std::make_unique<AppSession>(SessionOptions{folder / "model", keep ? folders : KeepFolders(), {}});
  }
  std::unique_ptr<AppSession> start_loaded(bool keep = false) const {
    auto session = start(keep);
    if (!wait_until([&] { return session->model().loaded; })) throw std::runtime_error("the model was not loaded");
    return session;
  }

  TemporaryFolder folder;
};

/// What the streams of a document look like once all that was asked is done.
struct Standing {
  std::size_t position = 0;  // of the stream at the cursor
  std::size_t farthest = 0;  // of the one that has read farthest
  bool behind = true;
  std::int64_t tokens = 0;
  model::ChainState state;
};
inline Standing standing(AppSession& session, ui::DocumentId document) {
  Standing result;
  session.inspect([&](StreamService& service) {
    const DocumentStreams* streams = service.document(document);
    if (streams == nullptr || !streams->attached()) return;
    const Reader* reader = streams->at_cursor();
    result = {reader->position(), streams->exact()->position(), streams->behind(), reader->stream().tokens(),
              reader->stream().state()};
  });
  return result;
}
inline bool wait_until_read(AppSession& session, ui::DocumentId document) {
  return wait_until([&] { return !standing(session, document).behind; });
}

}  // namespace catena::app::test
