#include "ui/charts/histogram_view.h"

#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "ui/format.h"
#include "ui/theme.h"

namespace catena::ui {

// Logarithmic, around what was measured and the budget.
struct HistogramView::Axis {
  QRectF area;
  double from = 0.1;
  double to = 1000;
  double x(double ms) const { return area.left() + std::log(ms / from) / std::log(to / from) * area.width(); }
  double at(double pixel) const { return from * std::pow(to / from, (pixel - area.left()) / area.width()); }
};

HistogramView::HistogramView(const QString& name, const LatencyDistribution& distribution, QColor Colors::*color,
                             QWidget* parent)
    : QWidget(parent), distribution_(distribution), color_(color), gate_(this) {
  setAccessibleName(name);
  setMouseTracking(true);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);
}

QSize HistogramView::sizeHint() const { return {160, 120}; }
QSize HistogramView::minimumSizeHint() const { return {72, 72}; }

void HistogramView::setBudget(double milliseconds) {
  budget_ = milliseconds;
  gate_.request();
}

HistogramView::Axis HistogramView::axis() const {
  Axis axis;
  axis.area = QRectF(grid / 2.0, grid / 2.0, std::max(8, width() - grid), std::max(8, height() - grid / 2 - 16));
  double low = distribution_.count() > 0 ? distribution_.percentileMs(0.001) : 1;
  double high = distribution_.count() > 0 ? distribution_.maxMs() : 100;
  if (budget_ > 0) high = std::max(high, budget_ * 1.2);
  axis.from = std::pow(10.0, std::floor(std::log10(std::max(low, 1e-3)) * 2) / 2);
  axis.to = std::max(axis.from * 10, std::pow(10.0, std::ceil(std::log10(std::max(high, 1e-2)) * 2) / 2));
  return axis;
}

void HistogramView::paintEvent(QPaintEvent*) {
  ++paint_count_;
  QPainter painter(this);
  const Colors& colors = colorsFor(palette());
  painter.fillRect(rect(), colors.chart);
  const Axis a = axis();
  painter.setPen(colors.chart_grid);
  painter.drawLine(a.area.bottomLeft(), a.area.bottomRight());
  double free_from = -1e9;
  for (double tick = std::pow(10.0, std::ceil(std::log10(a.from) - 1e-9)); tick <= a.to * 1.001; tick *= 10) {
    const double x = a.x(tick);
    painter.setPen(colors.chart_grid);
    painter.drawLine(QPointF(x, a.area.top()), QPointF(x, a.area.bottom()));
    const QString label = withoutTrailingZeros(formatMs(tick));
    const double w = fontMetrics().horizontalAdvance(label);
    const double left = std::clamp(x - w / 2, 0.0, std::max(0.0, width() - w));
    if (left < free_from) continue;
    painter.setPen(colors.dim_text);
    painter.drawText(QRectF(left, a.area.bottom(), w + 2, 16), Qt::AlignLeft | Qt::AlignVCenter, label);
    free_from = left + w + grid;
  }
  if (distribution_.count() == 0) {
    painter.setPen(colors.dim_text);
    painter.drawText(a.area, Qt::AlignCenter | Qt::TextWordWrap, tr("nothing measured yet"));
    return;
  }
  const int n = std::max(1, static_cast<int>(a.area.width()) / 4);
  const auto bars = distribution_.bars(a.from, a.to, n);
  const qint64 most = std::max<qint64>(1, *std::max_element(bars.begin(), bars.end()));
  const double bar_width = a.area.width() / n;
  for (int i = 0; i < n; ++i) {
    const qint64 count = bars[static_cast<std::size_t>(i)];
    if (count == 0) continue;
    const double height = std::max(1.0, (a.area.height() - fontMetrics().height()) * double(count) / double(most));
    painter.fillRect(QRectF(a.area.left() + i * bar_width, a.area.bottom() - height, bar_width - 0.5, height),
                     colors.*color_);
  }
  if (budget_ > 0 && budget_ < a.to) {
    painter.setPen(QPen(colors.warning, 1, Qt::DashLine));
    painter.drawLine(QPointF(a.x(budget_), a.area.top()), QPointF(a.x(budget_), a.area.bottom()));
  }
  painter.setPen(colors.text);
  free_from = -1e9;
  for (const auto& [q, label] : {std::pair{0.5, "p50"}, {0.95, "p95"}, {0.99, "p99"}}) {
    const double x = a.x(distribution_.percentileMs(q));
    painter.drawLine(QPointF(x, a.area.top() + fontMetrics().height()), QPointF(x, a.area.bottom()));
    const double w = fontMetrics().horizontalAdvance(QLatin1String(label));
    const double left = std::clamp(x - w / 2, 0.0, std::max(0.0, width() - w));
    if (left < free_from) continue;
    painter.drawText(QPointF(left, a.area.top() + fontMetrics().ascent()), QLatin1String(label));
    free_from = left + w + 2;
  }
}

void HistogramView::mouseMoveEvent(QMouseEvent* event) {
  const Axis a = axis();
  const double pixel = event->position().x();
  const auto bars = distribution_.bars(a.at(pixel - 2), a.at(pixel + 2), 3);
  if (distribution_.count() == 0) return;
  QToolTip::showText(
      event->globalPosition().toPoint(),
      tr("about %1: %2 of %3").arg(formatMs(a.at(pixel)), formatCount(bars[1]), formatCount(distribution_.count())),
      this);
}

}  // namespace catena::ui
