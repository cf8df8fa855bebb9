// F9, held: speaking lasts as long. Wherever in the program the keyboard focus is.
#pragma once

#include <QObject>
#include <QTimer>

namespace catena::ui {

class TalkKey : public QObject {
  Q_OBJECT
 public:
  explicit TalkKey(QObject* parent);

 Q_SIGNALS:
  void held(bool down);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void set(bool down);
  bool down_ = false;
  QTimer release_;  // runs until a release is believed
};

}  // namespace catena::ui
