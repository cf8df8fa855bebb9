// Plays a demo script on the real window: key by key, accepting what fits, as a person would.
#pragma once

#include <filesystem>
#include <functional>

#include "app/demo/demo_record.h"
#include "app/demo/demo_script.h"
#include "app/session/session.h"
#include "ui/main_window.h"

namespace catena::ui {
class CodeEditor;
}

namespace catena::app {

/// On the UI thread; runs the event loop while it waits.
class DemoPlayer {
 public:
  DemoPlayer(AppSession& session, ui::MainWindow& window, DemoRecord& record, const DemoScript& script)
      : session_(session), window_(window), record_(record), script_(script) {}

  /// Returns one line when something failed, else an empty string.
  QString play(const std::filesystem::path& picture);

 private:
  QString play(const DemoStep& step, const QString& picture);
  void type(const QString& text);
  void key(const QString& text);
  void press(int key, Qt::KeyboardModifiers modifiers);
  /// Takes the suggestion's next word if the script goes on with it. Returns how many characters that were.
  int acceptWordOf(QStringView ahead);
  bool waitFor(int ms, const std::function<bool()>& done);
  bool waitForSuggestion(int ms);
  ui::CodeEditor& editor();

  AppSession& session_;
  ui::MainWindow& window_;
  DemoRecord& record_;
  const DemoScript& script_;
};

}  // namespace catena::app
