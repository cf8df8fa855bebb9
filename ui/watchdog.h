// Measures how long the UI thread was away from its event loop.
// A precise 1 ms timer notes the time between two ticks; what exceeds the interval is time in which no event was
// handled. It costs a wake-up a millisecond, so it runs only between start() and stop() (bench, tests).
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

namespace catena::ui {

class Watchdog : public QObject {
  Q_OBJECT
 public:
  explicit Watchdog(QObject* parent = nullptr);

  void start();
  void stop();
  bool running() const { return timer_.isActive(); }

  /// Longest block since start() or reset(), a block still going on included, in milliseconds.
  double longestBlockMs() const;
  /// Forgets what was measured; the time before does not count.
  void reset();

 private:
  void tick();
  double sinceLastTickMs() const;

  QTimer timer_;
  QElapsedTimer clock_;
  double longest_ms_ = 0;
};

}  // namespace catena::ui
