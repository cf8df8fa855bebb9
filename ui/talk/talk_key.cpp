#include "ui/talk/talk_key.h"

#include <QCoreApplication>
#include <QKeyEvent>

namespace catena::ui {

TalkKey::TalkKey(QObject* parent) : QObject(parent) { QCoreApplication::instance()->installEventFilter(this); }

void TalkKey::set(bool down) {
  if (down == down_) return;
  down_ = down;
  Q_EMIT held(down);
}

bool TalkKey::eventFilter(QObject*, QEvent* event) {
  if (event->type() == QEvent::ApplicationStateChange) set(false);  // its release would go to another program
  if (event->type() != QEvent::KeyPress && event->type() != QEvent::KeyRelease) return false;
  const auto* key = static_cast<QKeyEvent*>(event);
  if (key->key() != Qt::Key_F9) return false;
  if (!key->isAutoRepeat()) set(event->type() == QEvent::KeyPress);
  return true;
}

}  // namespace catena::ui
