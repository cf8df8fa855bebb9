// A live chart over time: one or more series as thin min/max columns, a budget line, marks where settings changed.
// Wheel zooms, drag pans, hover shows the value; keys: + - zoom, left right read values, Space freezes, Home follows
// again.
#pragma once

#include <QColor>
#include <QWidget>
#include <functional>

#include "ui/charts/repaint_gate.h"
#include "ui/charts/sample_ring.h"
#include "ui/charts/timeline_scale.h"
#include "ui/session.h"

namespace catena::ui {

struct Colors;

class Timeline : public QWidget {
  Q_OBJECT
 public:
  using Format = std::function<QString(double)>;

  /// `name` is its accessible name; `format` writes values with their unit.
  Timeline(const QString& name, Format format, QWidget* parent = nullptr);

  int addSeries(const QString& label, QColor Colors::*color);
  void add(int series, qint64 time_ms, double value);
  /// The newest time, also when no sample came: the window follows it.
  void advance(qint64 time_ms);
  void addMark(const SettingsMark& mark);
  /// A line to stay under; 0: none.
  void setBudget(double value);
  double budget() const { return budget_; }

  bool frozen() const { return window_.frozen(); }
  void setFrozen(bool frozen);
  void resetZoom();
  /// Forgets everything before now.
  void clear();

  const SampleRing& series(int i) const { return series_[static_cast<std::size_t>(i)].samples; }
  const std::vector<SettingsMark>& marks() const { return marks_; }
  const TimeWindow& window() const { return window_; }
  /// The text shown for a pixel column, empty where nothing was measured.
  QString valueAt(int x) const;
  int paintCount() const { return paint_count_; }

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 Q_SIGNALS:
  void frozenChanged(bool frozen);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  struct Series {
    QString label;
    QColor Colors::*color;
    SampleRing samples;
  };

  TimelineScale scale() const;
  QString tickLabel(double value) const;
  int tickRows(int area_height) const;
  void paintGrid(QPainter& painter, const TimelineScale& scale) const;
  void paintSeries(QPainter& painter, const TimelineScale& scale, const Series& series) const;
  void paintMarks(QPainter& painter, const TimelineScale& scale) const;
  void paintLegend(QPainter& painter, const TimelineScale& scale) const;

  Format format_;
  std::vector<Series> series_;
  std::vector<SettingsMark> marks_;
  TimeWindow window_;
  RepaintGate gate_;
  double budget_ = 0;
  int hover_x_ = -1;
  int drag_x_ = -1;
  int paint_count_ = 0;
};

}  // namespace catena::ui
