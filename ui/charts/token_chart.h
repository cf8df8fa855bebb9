// Lines over the number of tokens read, one a system, labelled where they end. Hover, or the left and right keys, read
// values.
#pragma once

#include <QWidget>
#include <functional>
#include <vector>

#include "ui/charts/repaint_gate.h"
#include "ui/charts/sample_ring.h"
#include "ui/charts/timeline_scale.h"

namespace catena::ui {

class TokenChart : public QWidget {
  Q_OBJECT
 public:
  using Format = std::function<QString(double)>;
  enum class Axis { linear, logarithmic };  ///< of the values; logarithmic ones are above 0

  /// `name` is its accessible name, shown as its title; `format` writes values with their unit.
  TokenChart(const QString& name, Format format, Axis axis, QWidget* parent = nullptr);

  /// Line `i` is called `label` and looks as linePen(i); hidden until shown.
  void setLabel(int line, const QString& label);
  void setShown(int line, bool shown);
  /// A value after so many tokens. One at fewer tokens than the last is left out: the system reads them again.
  void add(int line, qint64 tokens, double value);
  void clear(int line);
  /// New values are there to be painted.
  void changed() { gate_.request(); }

  const SampleRing& line(int i) const { return lines_[static_cast<std::size_t>(i)].values; }
  /// The text shown for a pixel column, empty where nothing was measured.
  QString valueAt(int x) const;
  int paintCount() const { return paint_count_; }

  QSize sizeHint() const override { return {300, 150}; }
  QSize minimumSizeHint() const override { return {140, 80}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  struct Line {
    QString label;
    bool shown = false;
    SampleRing values;  // over tokens in place of milliseconds
  };
  bool has(const Line& line) const { return line.shown && !line.values.empty(); }
  double onAxis(double value) const;
  TimelineScale scale() const;
  QString tickLabel(double on_axis) const;
  std::vector<double> ticks(const TimelineScale& scale) const;
  void paintGrid(QPainter& painter, const TimelineScale& scale) const;
  void paintLines(QPainter& painter, const TimelineScale& scale) const;
  void paintLabels(QPainter& painter, const TimelineScale& scale) const;

  Format format_;
  Axis axis_;
  std::vector<Line> lines_;
  RepaintGate gate_;
  int hover_x_ = -1;
  int paint_count_ = 0;
};

}  // namespace catena::ui
