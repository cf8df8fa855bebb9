// Lets a widget repaint at most 30 times a second, and not at all while it cannot be seen.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

class QWidget;

namespace catena::ui {

class RepaintGate : public QObject {
  Q_OBJECT
 public:
  explicit RepaintGate(QWidget* widget);

  /// New data is there. A hidden widget forgets the request: it paints the newest state when it is shown.
  void request();

 private:
  void repaint();

  QWidget* widget_;
  QTimer timer_;
  QElapsedTimer since_;
};

}  // namespace catena::ui
