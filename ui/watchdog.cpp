#include "ui/watchdog.h"

#include <algorithm>

namespace catena::ui {
namespace {
constexpr int interval_ms = 1;
}

Watchdog::Watchdog(QObject* parent) : QObject(parent) {
  timer_.setTimerType(Qt::PreciseTimer);
  timer_.setInterval(interval_ms);
  connect(&timer_, &QTimer::timeout, this, &Watchdog::tick);
}

void Watchdog::start() {
  reset();
  timer_.start();
}

void Watchdog::stop() {
  if (!running()) return;
  longest_ms_ = longestBlockMs();
  timer_.stop();
}

double Watchdog::longestBlockMs() const { return running() ? std::max(longest_ms_, sinceLastTickMs()) : longest_ms_; }

void Watchdog::reset() {
  longest_ms_ = 0;
  clock_.start();
}

void Watchdog::tick() {
  longest_ms_ = std::max(longest_ms_, sinceLastTickMs());
  clock_.start();
}

double Watchdog::sinceLastTickMs() const {
  return std::max(0.0, static_cast<double>(clock_.nsecsElapsed()) * 1e-6 - interval_ms);
}

}  // namespace catena::ui
