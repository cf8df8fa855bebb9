#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QWindow>
#include <fstream>

#include "app/assets_folder.h"
#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "app/commands/text_file.h"
#include "app/gui/application.h"
#include "app/session/session.h"
#include "ui/editor/code_editor.h"
#include "ui/editor/document_tabs.h"
#include "ui/editor/editor_page.h"
#include "ui/main_window.h"

namespace catena::app {
namespace {

constexpr std::size_t kFileBytes = 1 << 20;
constexpr int kKeyMs = 100;     // between keys: a fast typist
constexpr int kPatienceMs = 20000;

/// Handles events until `done` or the time is up; returns whether it was done.
bool wait_until(int ms, const std::function<bool()>& done) {
  QElapsedTimer clock;
  clock.start();
  while (!done() && clock.elapsed() < ms && !interrupted())
    QApplication::processEvents(QEventLoop::WaitForMoreEvents, 2);
  return done();
}

/// Types character by character at a typist's pace.
void type(ui::MainWindow& window, const std::string& text) {
  for (const char c : text) {
    if (interrupted()) return;
    window.typeText(QString(QLatin1Char(c)));
    wait_until(kKeyMs, [] { return false; });
  }
}

}  // namespace

nlohmann::json bench_typing(const BenchOptions& options) {
  QElapsedTimer since_start;
  since_start.start();
  static int argc = 1;
  static char name[] = "catena";
  static char* argv[] = {name, nullptr};
  if (!has_display()) qputenv("QT_QPA_PLATFORM", "offscreen");
  const auto application = make_application(argc, argv);
  const QTemporaryDir scratch;
  if (!scratch.isValid()) throw std::runtime_error("no temporary folder can be made; is the disk full?");
  AppSession session({model_folder(options.model.folder), {}, {}});
  ui::MainWindow window(session, {scratch.filePath("settings.ini"), scratch.filePath("recovery")});
  window.show();
  wait_until(kPatienceMs, [&] { return window.isVisible() && window.windowHandle()->isExposed(); });
  const double shown_ms = static_cast<double>(since_start.nsecsElapsed()) / 1e6;

  // The first minute: someone types as soon as the window is there.
  const std::string first = "for (const auto& item : items) total += item.price; // the sum of all prices in the list";
  std::size_t typed = 0;
  while (window.currentSuggestion().isEmpty() && typed < first.size() && !interrupted()) {
    type(window, first.substr(typed++, 1));
  }
  const double first_ms = static_cast<double>(since_start.nsecsElapsed()) / 1e6;
  const bool suggested = !window.currentSuggestion().isEmpty();

  // A file of 1 MiB made of the bundled source, opened at its start; typing begins at its end.
  const std::string source = read_text_file(assets_folder() / "demo" / "inventory.cpp");
  std::string large;
  while (large.size() < kFileBytes) large += source;
  const std::string path = scratch.filePath("large.cpp").toStdString();
  std::ofstream(path, std::ios::binary) << large;
  QElapsedTimer opening;
  opening.start();
  if (const QString problem = window.openPath(QString::fromStdString(path)); !problem.isEmpty())
    throw std::runtime_error(problem.toStdString());
  const double open_ms = static_cast<double>(opening.nsecsElapsed()) / 1e6;
  ui::CodeEditor& editor = window.documents().page()->editor();
  editor.SendScintilla(QsciScintillaBase::SCI_DOCUMENTEND);
  wait_until(500, [] { return false; });

  ui::UiProbe probe = window.probe();
  probe.reset();
  const std::string code = source.substr(0, options.quick ? 120 : 400);
  type(window, code);
  probe.stop();
  return {{"bench", "typing"},
          {"file_bytes", large.size()},
          {"keys", probe.keys()},
          {"key_interval_ms", kKeyMs},
          {"suggestions_shown", probe.suggestionMs().size()},
          {"suggestion_p50_ms", probe.suggestionPercentileMs(0.5)},
          {"suggestion_p95_ms", probe.suggestionPercentileMs(0.95)},
          {"ui_longest_block_ms", probe.longestBlockMs()},
          {"open_ms", open_ms},
          {"start_to_window_ms", shown_ms},
          {"start_to_first_suggestion_ms", suggested ? first_ms : -1.0}};
}

}  // namespace catena::app
