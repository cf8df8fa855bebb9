#include "ui/charts/timeline.h"

#include <QKeyEvent>
#include <QPainter>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "ui/charts/hover.h"
#include "ui/format.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {
constexpr std::size_t most_marks = 200;
constexpr int axis_height = 16;
}  // namespace

Timeline::Timeline(const QString& name, Format format, QWidget* parent)
    : QWidget(parent), format_(std::move(format)), gate_(this) {
  setAccessibleName(name);
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  setAttribute(Qt::WA_OpaquePaintEvent);
}

QSize Timeline::sizeHint() const { return {320, 120}; }
QSize Timeline::minimumSizeHint() const { return {112, 72}; }

int Timeline::addSeries(const QString& label, QColor Colors::*color) {
  series_.push_back({label, color, SampleRing()});
  return static_cast<int>(series_.size()) - 1;
}

void Timeline::add(int series, qint64 time_ms, double value) {
  series_[static_cast<std::size_t>(series)].samples.add(time_ms, value);
  advance(time_ms);
}

void Timeline::advance(qint64 time_ms) {
  window_.follow(time_ms);
  if (!window_.frozen()) gate_.request();
}

void Timeline::addMark(const SettingsMark& mark) {
  marks_.push_back(mark);
  if (marks_.size() > most_marks) marks_.erase(marks_.begin());
  gate_.request();
}

void Timeline::setBudget(double value) {
  budget_ = value;
  gate_.request();
}

void Timeline::setFrozen(bool frozen) {
  if (window_.frozen() == frozen) return;
  window_.setFrozen(frozen);
  update();
  Q_EMIT frozenChanged(frozen);
}

void Timeline::resetZoom() {
  const bool was_frozen = window_.frozen();
  window_.reset();
  update();
  if (was_frozen) Q_EMIT frozenChanged(false);
}

void Timeline::clear() {
  for (Series& series : series_) series.samples.clear();
  marks_.clear();
  resetZoom();
}

QString Timeline::valueAt(int x) const {
  const TimelineScale s = scale();
  if (x < s.area.left() || x > s.area.right()) return {};
  const qint64 from = s.timeAt(x - 1.5);
  const qint64 to = std::max(from + 1, s.timeAt(x + 1.5));
  QStringList parts;
  for (const Series& series : series_) {
    MergedSample merged;
    for (const MergedSample& sample : series.samples.range(from, to)) merged.merge(sample);
    if (merged.count == 0) continue;
    QString text = series.label + QStringLiteral(" ") + format_(merged.mean());
    if (merged.max - merged.min > 0.01 * std::abs(merged.max))
      text += QStringLiteral(" (%1 to %2)").arg(format_(merged.min), format_(merged.max));
    parts.append(text);
  }
  for (const SettingsMark& mark : marks_)
    if (std::abs(s.x(double(mark.time_ms)) - x) <= 3) parts.append(mark.text);
  if (parts.isEmpty()) return {};
  return formatClock(s.timeAt(x)) + QStringLiteral("  ") + parts.join(QStringLiteral(", "));
}

void Timeline::wheelEvent(QWheelEvent* event) {
  const double steps = event->angleDelta().y() / 120.0;
  window_.zoom(std::pow(0.8, steps), scale().timeAt(event->position().x()));
  update();
  event->accept();
}

void Timeline::mousePressEvent(QMouseEvent* event) { drag_x_ = event->pos().x(); }

void Timeline::mouseMoveEvent(QMouseEvent* event) {
  hover_x_ = event->pos().x();
  if (event->buttons() & Qt::LeftButton && drag_x_ >= 0 && drag_x_ != hover_x_) {
    const TimelineScale s = scale();
    const bool was_frozen = window_.frozen();
    window_.pan(s.timeAt(drag_x_) - s.timeAt(hover_x_));
    drag_x_ = hover_x_;
    if (!was_frozen) Q_EMIT frozenChanged(true);
  }
  update();
}

void Timeline::mouseDoubleClickEvent(QMouseEvent*) { resetZoom(); }

void Timeline::leaveEvent(QEvent*) {
  hover_x_ = -1;
  update();
}

void Timeline::keyPressEvent(QKeyEvent* event) {
  const QRectF area = scale().area;
  switch (event->key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      window_.zoom(0.8, window_.to());
      break;
    case Qt::Key_Minus:
      window_.zoom(1.25, window_.to());
      break;
    case Qt::Key_Space:
      setFrozen(!frozen());
      break;
    case Qt::Key_Home:
      resetZoom();
      break;
    case Qt::Key_Left:
    case Qt::Key_Right: {
      const int step = event->key() == Qt::Key_Left ? -4 : 4;
      const int start = hover_x_ < 0 ? static_cast<int>(area.right()) : hover_x_;
      hover_x_ = std::clamp(start + step, static_cast<int>(area.left()), static_cast<int>(area.right()));
      setAccessibleDescription(valueAt(hover_x_));
      break;
    }
    default:
      QWidget::keyPressEvent(event);
      return;
  }
  update();
}

void Timeline::focusInEvent(QFocusEvent*) { update(); }
void Timeline::focusOutEvent(QFocusEvent*) {
  hover_x_ = -1;
  update();
}

QString Timeline::tickLabel(double value) const {
  return value == 0 ? QStringLiteral("0") : withoutTrailingZeros(format_(value));
}

int Timeline::tickRows(int area_height) const { return std::max(1, area_height / (fontMetrics().height() * 2)); }

TimelineScale Timeline::scale() const {
  TimelineScale s;
  s.from_ms = window_.from();
  s.to_ms = window_.to();
  double high = budget_ * 1.15;
  for (const Series& series : series_)
    for (const MergedSample& column : series.samples.columns(s.from_ms, s.to_ms, std::max(1, width() / 2)))
      if (column.count > 0) high = std::max(high, column.max);
  s.high = roundUp(high);
  const int area_height = std::max(8, height() - fontMetrics().height() - grid / 2 - axis_height);
  int label = 0;  // the widest: "500 kB" is wider than the "1 MB" above it
  for (const double tick : roundTicks(s.low, s.high, tickRows(area_height)))
    label = std::max(label, fontMetrics().horizontalAdvance(tickLabel(tick)));
  label += grid;
  s.area = QRectF(label, fontMetrics().height() + grid / 2.0, std::max(8, width() - label - grid), area_height);
  return s;
}

void Timeline::paintEvent(QPaintEvent*) {
  ++paint_count_;
  QPainter painter(this);
  const Colors& colors = colorsFor(palette());
  painter.fillRect(rect(), colors.chart);
  const TimelineScale s = scale();
  paintGrid(painter, s);
  painter.save();
  painter.setClipRect(s.area.adjusted(-1, -1, 1, 1));
  for (const Series& series : series_) paintSeries(painter, s, series);
  painter.restore();
  paintMarks(painter, s);
  paintLegend(painter, s);
  if (hover_x_ >= 0) paintHover(painter, *this, s.area, hover_x_, valueAt(hover_x_));
  paintFocus(painter, *this);
}

void Timeline::paintGrid(QPainter& painter, const TimelineScale& s) const {
  const Colors& colors = colorsFor(palette());
  const int rows = tickRows(static_cast<int>(s.area.height()));
  const bool empty = budget_ <= 0 && std::all_of(series_.begin(), series_.end(),
                                                 [](const Series& series) { return series.samples.empty(); });
  for (const double tick : empty ? std::vector<double>{} : roundTicks(s.low, s.high, rows)) {
    const double y = s.y(tick);
    painter.setPen(colors.chart_grid);
    painter.drawLine(QPointF(s.area.left(), y), QPointF(s.area.right(), y));
    painter.setPen(colors.dim_text);
    const double height = fontMetrics().height();
    const double top = std::min(y - height / 2, s.area.bottom() - height + 2);  // clear of the time axis
    painter.drawText(QRectF(0, top, s.area.left() - grid / 2.0, height), Qt::AlignRight | Qt::AlignVCenter,
                     tickLabel(tick));
  }
  const int columns = std::max(1, static_cast<int>(s.area.width()) / 80);
  for (const double tick : roundTicks(double(s.from_ms) / 1000, double(s.to_ms) / 1000, columns)) {
    const double x = s.x(tick * 1000);
    painter.setPen(colors.chart_grid);
    painter.drawLine(QPointF(x, s.area.top()), QPointF(x, s.area.bottom()));
    painter.setPen(colors.dim_text);
    const QString label = formatClock(static_cast<qint64>(std::llround(tick * 1000)));
    const double w = fontMetrics().horizontalAdvance(label) + 2;
    painter.drawText(QRectF(std::min(x - w / 2, width() - w), s.area.bottom() + 1, w, axis_height),
                     Qt::AlignHCenter | Qt::AlignVCenter, label);
  }
  if (budget_ > 0) {
    painter.setPen(QPen(colors.warning, 1, Qt::DashLine));
    const double y = s.y(budget_);
    painter.drawLine(QPointF(s.area.left(), y), QPointF(s.area.right(), y));
    painter.drawText(QRectF(s.area.left(), y - fontMetrics().height(), s.area.width() - 2, fontMetrics().height()),
                     Qt::AlignRight, tr("budget %1").arg(tickLabel(budget_)));
  }
}

void Timeline::paintSeries(QPainter& painter, const TimelineScale& s, const Series& series) const {
  const int n = static_cast<int>(s.area.width());
  const auto columns = series.samples.columns(s.from_ms, s.to_ms, n);
  QPen pen(colorsFor(palette()).*series.color, 0);
  painter.setPen(pen);
  double last_x = 0, last_y = 0;
  bool has_last = false;
  std::vector<QLineF> lines;
  lines.reserve(static_cast<std::size_t>(n) * 2);
  for (int i = 0; i < n; ++i) {
    const MergedSample& column = columns[static_cast<std::size_t>(i)];
    if (column.count == 0) continue;
    const double x = s.area.left() + i + 0.5;
    const double top = s.y(column.max), bottom = s.y(column.min), middle = s.y(column.mean());
    if (bottom - top >= 1) lines.emplace_back(x, top, x, bottom);
    if (has_last) lines.emplace_back(last_x, last_y, x, middle);
    last_x = x;
    last_y = middle;
    has_last = true;
  }
  painter.drawLines(lines.data(), static_cast<int>(lines.size()));
  if (lines.empty() && has_last) painter.drawPoint(QPointF(last_x, last_y));
}

void Timeline::paintMarks(QPainter& painter, const TimelineScale& s) const {
  const Colors& colors = colorsFor(palette());
  painter.setPen(QPen(colors.mark, 1, Qt::DotLine));
  double free_from = -1e9;
  for (const SettingsMark& mark : marks_) {
    if (mark.time_ms < s.from_ms || mark.time_ms > s.to_ms) continue;
    const double x = s.x(double(mark.time_ms));
    painter.drawLine(QPointF(x, s.area.top()), QPointF(x, s.area.bottom()));
    const int width = fontMetrics().horizontalAdvance(mark.text);
    if (x < free_from || x + width > s.area.right()) continue;
    painter.drawText(QPointF(x + 3, s.area.top() + fontMetrics().ascent()), mark.text);
    free_from = x + width + grid;
  }
}

void Timeline::paintLegend(QPainter& painter, const TimelineScale& s) const {
  const Colors& colors = colorsFor(palette());
  double x = s.area.left();
  const int height = fontMetrics().height();
  for (const Series& series : series_) {
    painter.fillRect(QRectF(x, 2 + height / 2.0 - 1, 12, 3), colors.*series.color);
    painter.setPen(colors.text);
    const QString text =
        series.samples.empty() ? series.label : series.label + QStringLiteral(" ") + format_(series.samples.last());
    painter.drawText(QPointF(x + 16, 2 + fontMetrics().ascent()), text);
    x += 16 + fontMetrics().horizontalAdvance(text) + 2 * grid;
  }
  if (frozen()) {
    painter.setPen(colors.warning);
    painter.drawText(QRectF(0, 2, s.area.right(), height), Qt::AlignRight, tr("frozen"));
  }
}

}  // namespace catena::ui
