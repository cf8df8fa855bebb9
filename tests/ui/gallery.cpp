// Shows the window with a fake session and writes pictures of it, to be looked at: ui_gallery FOLDER [light|dark].
#include <QApplication>
#include <QDir>
#include <QTemporaryDir>
#include <QTimer>
#include <cstdio>

#include "tests/ui/fake_session.h"
#include "ui/editor/code_editor.h"
#include "ui/editor/document_tabs.h"
#include "ui/main_window.h"

using namespace catena::ui;

namespace {

const char* const code = R"(#include <vector>

// Adds up what is in the basket.
double total(const std::vector<Item>& items) {
  double total = 0;

}
)";

void settle(int ms) {
  QEventLoop loop;
  QTimer::singleShot(ms, &loop, &QEventLoop::quit);
  loop.exec();
}

}  // namespace

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: ui_gallery FOLDER [light|dark]\n");
    return 2;
  }
  const QDir folder(QString::fromLocal8Bit(argv[1]));
  const QString theme = argc > 2 ? QString::fromLocal8Bit(argv[2]) : QStringLiteral("light");
  QTemporaryDir scratch;
  FakeSession session;
  MainWindow window(session, {scratch.filePath("settings.ini"), scratch.filePath("recovery")});
  window.setTheme(theme == QLatin1String("dark") ? Theme::dark : Theme::light);
  window.show();
  settle(200);
  window.saveScreenshot(folder.filePath(theme + "-welcome.png"));

  for (int i = 0; i < 1500; ++i) {
    session.sendFigures(i);
    session.sendSound(i);
    if (i == 900) Q_EMIT session.settingsApplied({i * 33, "chunk 128 -> 64"});
  }
  for (int k = 0; k < 20; ++k) Q_EMIT session.soundSegment({k * 2300 + 200, k * 2300 + 1500, true, 120});
  QFile file(scratch.filePath("basket.cpp"));
  if (!file.open(QIODevice::WriteOnly)) return 1;
  file.write(code);
  file.close();
  window.openPath(file.fileName());
  CodeEditor& editor = window.documents().page()->editor();
  editor.goToLine(6);
  session.automatic_answer =
      QStringList{"for (const auto& item : items) {\n    total += item.price * item.count;\n  }\n  return total;",
                  "for (int i = 0; i < 3; ++i)"};
  window.typeText("  ", 60);
  Q_EMIT session.documentStarts({window.documents().page()->document(), scratch.path()});
  Q_EMIT session.rememberingProgress({scratch.path(), RememberingProgress::State::reading, 128, 42, 100});
  settle(300);
  window.saveScreenshot(folder.filePath(theme + "-typing.png"));
  Q_EMIT session.notice({Panel::sound, "Microphone 'USB microphone' went away; listening to 'Built-in' instead.",
                         "Choose", "choose", false});
  Q_EMIT session.notice({Panel::editor,
                         "basket.cpp could not be saved (No space left on device): the text is kept here; free space "
                         "or save it elsewhere.",
                         "Save as...", "ui:save-as", false});
  editor.goToLine(4);
  editor.setCaret(editor.caret() + 12);
  session.automatic_answer = {"const Basket& basket, "};
  editor.suggestionWanted();
  settle(300);
  window.saveScreenshot(folder.filePath(theme + "-notices.png"));
  return 0;
}
