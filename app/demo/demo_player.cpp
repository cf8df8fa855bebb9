#include "app/demo/demo_player.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QKeyEvent>
#include <QTimer>

#include "ui/editor/code_editor.h"
#include "ui/editor/document_tabs.h"
#include "ui/editor/editor_page.h"
#include "ui/panels/sound_panel.h"

namespace catena::app {
namespace {

constexpr int model_ms = 10000;      // to load the model at most
constexpr int sound_end_ms = 15000;  // for what is left of the sound at the end
constexpr int pause_step_ms = 5;

/// Spaces at the end of what stands before the cursor on its line, if there is nothing else.
int indentation(const ui::CodeEditor& editor) {
  const QByteArray before = editor.textCopy().left(editor.caret());
  const QByteArray line = before.mid(before.lastIndexOf('\n') + 1);
  return line.trimmed().isEmpty() ? static_cast<int>(line.size()) : 0;
}

}  // namespace

ui::CodeEditor& DemoPlayer::editor() { return window_.documents().page()->editor(); }

bool DemoPlayer::waitFor(int ms, const std::function<bool()>& done) {
  QElapsedTimer clock;
  clock.start();
  while (!done()) {
    if (clock.elapsed() >= ms) return false;
    QEventLoop loop;
    QTimer::singleShot(pause_step_ms, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
  }
  return true;
}

QString DemoPlayer::play(const std::filesystem::path& picture) {
  waitFor(model_ms, [this] { return session_.model().loaded || !session_.model().problem.isEmpty(); });
  if (!session_.model().loaded) return session_.model().problem;
  bool sounded = false, ended = false;
  const auto watch = QObject::connect(&session_, &ui::Session::soundFigures, &window_, [&](const ui::SoundFigures& f) {
    sounded = sounded || f.running;
    ended = sounded && !f.running;
  });
  QString problem;
  for (const DemoStep& step : script_.steps) {
    problem = play(step, QString::fromStdString(picture.string()));
    if (!problem.isEmpty()) break;
  }
  if (problem.isEmpty() && sounded && !waitFor(sound_end_ms, [&] { return ended; }))
    problem = QStringLiteral("the sound did not end");
  QObject::disconnect(watch);
  return problem;
}

QString DemoPlayer::play(const DemoStep& step, const QString& picture) {
  using Kind = DemoStep::Kind;
  switch (step.kind) {
    case Kind::open: {
      const QString problem = window_.openPath(step.file);
      editor().setFocus();
      press(Qt::Key_End, Qt::ControlModifier);
      return problem;
    }
    case Kind::sound:
      window_.sound().openFile(step.file);
      return {};
    case Kind::type:
      type(step.text);
      return {};
    case Kind::accept:
      if (waitForSuggestion(step.within_ms)) {
        const quint64 request = editor().ghost().request();
        record_.accepted(request, QString::fromUtf8(editor().ghost().text()));
        press(Qt::Key_Tab, Qt::NoModifier);
      }
      return {};
    case Kind::settings: {
      ui::ChunkSettings settings = session_.settings();
      step.apply_to(settings);
      session_.applySettings(settings);
      return {};
    }
    case Kind::picture:
      waitForSuggestion(step.within_ms);
      waitFor(pause_step_ms * 20, [] { return false; });  // let the panels paint
      return window_.saveScreenshot(picture);
  }
  return {};
}

bool DemoPlayer::waitForSuggestion(int ms) {
  const auto visible = [this] { return editor().ghost().visible(); };
  if (waitFor(ms / 2, visible)) return true;
  press(Qt::Key_Space, Qt::ControlModifier);  // asks for one, however unsure
  return waitFor(ms / 2, visible);
}

void DemoPlayer::type(const QString& text) {
  for (int i = 0; i < text.size();) {
    if (const int taken = acceptWordOf(QStringView(text).mid(i)); taken > 0) {
      i += taken;
      continue;
    }
    key(text.mid(i, 1));
    if (text[i++] != QLatin1Char('\n')) continue;
    // The editor has indented the new line like the one above; the script says how it shall be.
    int wanted = 0;
    while (i + wanted < text.size() && text[i + wanted] == QLatin1Char(' ')) ++wanted;
    const int there = indentation(editor());
    if (i + wanted < text.size())
      for (int extra = wanted; extra < there; ++extra) press(Qt::Key_Backspace, Qt::NoModifier);
    i += qMin(wanted, there);
  }
}

int DemoPlayer::acceptWordOf(QStringView ahead) {
  const ui::GhostModel& ghost = editor().ghost();
  if (!ghost.visible()) return 0;
  const QString word = QString::fromUtf8(ghost.nextWord());
  if (word.trimmed().size() < 2 || word.contains(QLatin1Char('\n')) || !ahead.startsWith(word)) return 0;
  record_.accepted(ghost.request(), word);
  press(Qt::Key_Right, Qt::ControlModifier);
  waitFor(script_.key_ms, [] { return false; });
  return static_cast<int>(word.size());
}

void DemoPlayer::key(const QString& text) {
  window_.typeText(text);
  waitFor(script_.key_ms, [] { return false; });
}

void DemoPlayer::press(int key, Qt::KeyboardModifiers modifiers) {
  QKeyEvent down(QEvent::KeyPress, key, modifiers, key == Qt::Key_Tab ? QStringLiteral("\t") : QString());
  QApplication::sendEvent(&editor(), &down);
  QKeyEvent up(QEvent::KeyRelease, key, modifiers);
  QApplication::sendEvent(&editor(), &up);
  QApplication::processEvents();
}

}  // namespace catena::app
