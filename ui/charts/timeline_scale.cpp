#include "ui/charts/timeline_scale.h"

#include <algorithm>
#include <cmath>

namespace catena::ui {
namespace {
constexpr qint64 least_span_ms = 500;
constexpr qint64 most_span_ms = 48LL * 3600 * 1000;
}  // namespace

double TimelineScale::x(double time_ms) const {
  const double span = std::max<double>(1, static_cast<double>(to_ms - from_ms));
  return area.left() + (time_ms - static_cast<double>(from_ms)) / span * area.width();
}

double TimelineScale::y(double value) const {
  const double span = high > low ? high - low : 1;
  return area.bottom() - (value - low) / span * area.height();
}

qint64 TimelineScale::timeAt(double pixel_x) const {
  const double part = area.width() > 0 ? (pixel_x - area.left()) / area.width() : 0;
  return from_ms + static_cast<qint64>(std::llround(part * static_cast<double>(to_ms - from_ms)));
}

std::vector<double> roundTicks(double low, double high, int most) {
  std::vector<double> ticks;
  if (!(high > low) || most < 1) return ticks;
  const double raw = (high - low) / most;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = factor * power;
    if (step >= raw * 0.999) break;
  }
  for (double tick = std::ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step)
    ticks.push_back(tick);
  return ticks;
}

double roundUp(double value) {
  if (!(value > 0)) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double factor : {1.0, 1.5, 2.0, 3.0, 5.0, 7.5})
    if (factor * power >= value) return factor * power;
  return 10 * power;
}

void TimeWindow::follow(qint64 last_ms) {
  last_ = last_ms;
  if (!frozen_) to_ = std::max(last_ms, span_);
}

void TimeWindow::zoom(double factor, qint64 anchor_ms) {
  const qint64 span = std::clamp(static_cast<qint64>(static_cast<double>(span_) * factor), least_span_ms, most_span_ms);
  if (frozen_) {
    const double part = span_ > 0 ? static_cast<double>(to_ - anchor_ms) / static_cast<double>(span_) : 0;
    to_ = anchor_ms + static_cast<qint64>(part * static_cast<double>(span));
  }
  span_ = span;
  if (!frozen_) to_ = std::max(last_, span_);
}

void TimeWindow::pan(qint64 by_ms) {
  frozen_ = true;
  to_ = std::clamp(to_ + by_ms, std::min(span_, last_), std::max(last_, span_));
}

void TimeWindow::reset() {
  span_ = usual_span_ms;
  frozen_ = false;
  to_ = std::max(last_, span_);
}

}  // namespace catena::ui
