#include "ui/talk/talk_key.h"

#include <QCoreApplication>
#include <QKeyEvent>

namespace catena::ui {
namespace {

// X11 tells a key that is held as releases and presses, and Qt does not always recognise them as repetitions: a release
// that a press follows at once was none.
constexpr int believed_after_ms = 80;

}  // namespace

TalkKey::TalkKey(QObject* parent) : QObject(parent) {
  release_.setSingleShot(true);
  release_.setInterval(believed_after_ms);
  connect(&release_, &QTimer::timeout, this, [this] { set(false); });
  QCoreApplication::instance()->installEventFilter(this);
}

void TalkKey::set(bool down) {
  release_.stop();
  if (down == down_) return;
  down_ = down;
  Q_EMIT held(down);
}

bool TalkKey::eventFilter(QObject*, QEvent* event) {
  if (event->type() == QEvent::ApplicationStateChange) set(false);  // its release would go to another program
  if (event->type() != QEvent::KeyPress && event->type() != QEvent::KeyRelease) return false;
  const auto* key = static_cast<QKeyEvent*>(event);
  if (key->key() != Qt::Key_F9) return false;
  if (event->type() == QEvent::KeyPress)
    set(true);
  else if (!key->isAutoRepeat())
    release_.start();
  return true;
}

}  // namespace catena::ui
