// Mapping between values and pixels of a timeline. Plain arithmetic.
#pragma once

#include <QRectF>
#include <vector>

namespace catena::ui {

struct TimelineScale {
  QRectF area;
  qint64 from_ms = 0;
  qint64 to_ms = 1;
  double low = 0;
  double high = 1;

  double x(double time_ms) const;
  double y(double value) const;
  qint64 timeAt(double pixel_x) const;
};

/// Round values (1, 2 or 5 times a power of ten) from `low` to `high`, at most `most` of them.
std::vector<double> roundTicks(double low, double high, int most);

/// The next round value above, so that an axis does not change with every sample.
double roundUp(double value);

/// The part of a series that is looked at: follows the end until it is frozen or zoomed away from it.
class TimeWindow {
 public:
  qint64 from() const { return to_ - span_; }
  qint64 to() const { return to_; }
  qint64 span() const { return span_; }
  bool frozen() const { return frozen_; }
  void setFrozen(bool frozen) { frozen_ = frozen; }

  /// New data up to here; moves the window unless frozen.
  void follow(qint64 last_ms);
  /// `factor` < 1 looks closer; the time at `anchor_ms` keeps its place.
  void zoom(double factor, qint64 anchor_ms);
  void pan(qint64 by_ms);
  void reset();

 private:
  static constexpr qint64 usual_span_ms = 60'000;
  qint64 to_ = usual_span_ms;
  qint64 span_ = usual_span_ms;
  qint64 last_ = 0;
  bool frozen_ = false;
};

}  // namespace catena::ui
