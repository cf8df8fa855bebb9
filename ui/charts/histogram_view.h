// The distribution of latencies: bars on a logarithmic axis with p50, p95, p99 and the budget.
#pragma once

#include <QColor>
#include <QWidget>

#include "ui/charts/latency_distribution.h"
#include "ui/charts/repaint_gate.h"

namespace catena::ui {

struct Colors;

class HistogramView : public QWidget {
  Q_OBJECT
 public:
  HistogramView(const QString& name, const LatencyDistribution& distribution, QColor Colors::*color,
                QWidget* parent = nullptr);

  void setBudget(double milliseconds);
  void changed() { gate_.request(); }
  int paintCount() const { return paint_count_; }

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;

 private:
  struct Axis;
  Axis axis() const;

  const LatencyDistribution& distribution_;
  QColor Colors::*color_;
  RepaintGate gate_;
  double budget_ = 0;
  int paint_count_ = 0;
};

}  // namespace catena::ui
