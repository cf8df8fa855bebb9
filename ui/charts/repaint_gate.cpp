#include "ui/charts/repaint_gate.h"

#include <QWidget>

namespace catena::ui {
namespace {
constexpr int least_interval_ms = 34;
}

RepaintGate::RepaintGate(QWidget* widget) : QObject(widget), widget_(widget) {
  timer_.setSingleShot(true);
  connect(&timer_, &QTimer::timeout, this, &RepaintGate::repaint);
}

void RepaintGate::request() {
  if (timer_.isActive() || !widget_->isVisible() || widget_->visibleRegion().isEmpty()) return;
  const qint64 since = since_.isValid() ? since_.elapsed() : least_interval_ms;
  if (since >= least_interval_ms)
    repaint();
  else
    timer_.start(static_cast<int>(least_interval_ms - since));
}

void RepaintGate::repaint() {
  since_.start();
  widget_->update();
}

}  // namespace catena::ui
