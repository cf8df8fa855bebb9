#include "ui/charts/token_chart.h"

#include <QKeyEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/charts/hover.h"
#include "ui/charts/line_look.h"
#include "ui/format.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {
constexpr int axis_height = 16;
constexpr int usual_span = 256;      // tokens, before there are more
constexpr int least_labelled = 320;  // a narrower chart has no room for names beside its lines
}  // namespace

TokenChart::TokenChart(const QString& name, Format format, Axis axis, QWidget* parent)
    : QWidget(parent), format_(std::move(format)), axis_(axis), gate_(this) {
  setAccessibleName(name);
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  setAttribute(Qt::WA_OpaquePaintEvent);
}

void TokenChart::setLabel(int line, const QString& label) {
  if (lines_.size() <= static_cast<std::size_t>(line)) lines_.resize(static_cast<std::size_t>(line) + 1);
  lines_[static_cast<std::size_t>(line)].label = label;
}

void TokenChart::setShown(int line, bool shown) {
  lines_[static_cast<std::size_t>(line)].shown = shown;
  gate_.request();
}

void TokenChart::add(int line, qint64 tokens, double value) {
  SampleRing& values = lines_[static_cast<std::size_t>(line)].values;
  if (!values.empty() && tokens < values.lastMs()) return;
  if (axis_ == Axis::logarithmic && value <= 0) return;
  values.add(tokens, value);
}

void TokenChart::clear(int line) {
  lines_[static_cast<std::size_t>(line)].values.clear();
  gate_.request();
}

double TokenChart::onAxis(double value) const { return axis_ == Axis::logarithmic ? std::log10(value) : value; }

QString TokenChart::tickLabel(double on_axis) const {
  const double value = axis_ == Axis::logarithmic ? std::pow(10.0, on_axis) : on_axis;
  return value == 0 ? QStringLiteral("0") : withoutTrailingZeros(format_(value));
}

std::vector<double> TokenChart::ticks(const TimelineScale& s) const {
  const int rows = std::max(1, static_cast<int>(s.area.height()) / (fontMetrics().height() * 2));
  std::vector<double> found = roundTicks(s.low, s.high, rows);
  if (axis_ == Axis::logarithmic)  // whole powers of ten
    std::erase_if(found, [](double tick) { return std::abs(tick - std::round(tick)) > 1e-6; });
  return found;
}

TimelineScale TokenChart::scale() const {
  TimelineScale s;
  double low = 1e300, high = 0;
  int end_label = 0;
  s.to_ms = usual_span;
  for (const Line& line : lines_) {
    if (!has(line)) continue;
    s.to_ms = std::max(s.to_ms, line.values.lastMs());
    if (width() >= least_labelled) end_label = std::max(end_label, fontMetrics().horizontalAdvance(line.label));
  }
  s.to_ms = static_cast<qint64>(roundUp(static_cast<double>(s.to_ms)));
  for (const Line& line : lines_) {
    if (!has(line)) continue;
    for (const MergedSample& column : line.values.columns(0, s.to_ms, std::max(1, width()))) {
      if (column.count == 0) continue;
      low = std::min(low, column.mean());
      high = std::max(high, column.mean());
    }
  }
  if (axis_ == Axis::logarithmic) {
    s.low = high > 0 ? std::floor(std::log10(low)) : 0;
    s.high = high > 0 ? std::max(s.low + 1, std::ceil(std::log10(high))) : 1;
  } else {
    s.high = roundUp(high);
  }
  const int top = fontMetrics().height() * 3 / 2 + grid / 2;  // the title, and half of the uppermost tick's text
  s.area = QRectF(0, top, width(), std::max(8, height() - top - axis_height));
  int label = 0;
  for (const double tick : ticks(s)) label = std::max(label, fontMetrics().horizontalAdvance(tickLabel(tick)));
  s.area.setLeft(label + grid);
  s.area.setWidth(std::max(8, width() - label - 2 * grid - end_label));
  return s;
}

QString TokenChart::valueAt(int x) const {
  const TimelineScale s = scale();
  if (x < s.area.left() || x > s.area.right()) return {};
  const qint64 from = s.timeAt(x - 2), to = std::max(from + 1, s.timeAt(x + 2));
  QStringList parts;
  for (const Line& line : lines_) {
    if (!has(line)) continue;
    MergedSample merged;
    for (const MergedSample& sample : line.values.range(from, to)) merged.merge(sample);
    if (merged.count > 0) parts << line.label + u' ' + format_(merged.mean());
  }
  if (parts.isEmpty()) return {};
  return tr("%1 tokens").arg(formatCount(s.timeAt(x))) + QStringLiteral("  ") + parts.join(QStringLiteral(", "));
}

void TokenChart::mouseMoveEvent(QMouseEvent* event) {
  hover_x_ = event->pos().x();
  update();
}

void TokenChart::leaveEvent(QEvent*) {
  hover_x_ = -1;
  update();
}

void TokenChart::keyPressEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Left && event->key() != Qt::Key_Right) {
    QWidget::keyPressEvent(event);
    return;
  }
  const QRectF area = scale().area;
  const int start = hover_x_ < 0 ? static_cast<int>(area.right()) : hover_x_;
  hover_x_ = std::clamp(start + (event->key() == Qt::Key_Left ? -4 : 4), static_cast<int>(area.left()),
                        static_cast<int>(area.right()));
  setAccessibleDescription(valueAt(hover_x_));
  update();
}

void TokenChart::focusInEvent(QFocusEvent*) { update(); }
void TokenChart::focusOutEvent(QFocusEvent*) {
  hover_x_ = -1;
  update();
}

void TokenChart::paintEvent(QPaintEvent*) {
  ++paint_count_;
  QPainter painter(this);
  const Colors& colors = colorsFor(palette());
  painter.fillRect(rect(), colors.chart);
  painter.setPen(colors.text);
  painter.drawText(QRectF(grid / 2.0, 0, width() - grid, fontMetrics().height() + grid / 2.0), Qt::AlignVCenter,
                   accessibleName());
  const TimelineScale s = scale();
  paintGrid(painter, s);
  painter.save();
  painter.setClipRect(s.area.adjusted(-1, -1, 1, 1));
  paintLines(painter, s);
  painter.restore();
  paintLabels(painter, s);
  if (hover_x_ >= 0) paintHover(painter, *this, s.area, hover_x_, valueAt(hover_x_));
  paintFocus(painter, *this);
}

void TokenChart::paintGrid(QPainter& painter, const TimelineScale& s) const {
  const Colors& colors = colorsFor(palette());
  const bool empty = std::none_of(lines_.begin(), lines_.end(), [this](const Line& line) { return has(line); });
  const double text_height = fontMetrics().height();
  for (const double tick : empty ? std::vector<double>{} : ticks(s)) {
    const double y = s.y(tick);
    painter.setPen(colors.chart_grid);
    painter.drawLine(QPointF(s.area.left(), y), QPointF(s.area.right(), y));
    painter.setPen(colors.dim_text);
    const double top = std::min(y - text_height / 2, s.area.bottom() - text_height + 2);
    painter.drawText(QRectF(0, top, s.area.left() - grid / 2.0, text_height), Qt::AlignRight | Qt::AlignVCenter,
                     tickLabel(tick));
  }
  for (const double tick :
       roundTicks(0, static_cast<double>(s.to_ms), std::max(1, static_cast<int>(s.area.width()) / 80))) {
    const double x = s.x(tick);
    painter.setPen(colors.chart_grid);
    painter.drawLine(QPointF(x, s.area.top()), QPointF(x, s.area.bottom()));
    painter.setPen(colors.dim_text);
    const QString label = formatCount(qRound64(tick));
    const double w = fontMetrics().horizontalAdvance(label) + 2;
    painter.drawText(
        QRectF(std::clamp(x - w / 2, 0.0, std::max(0.0, width() - w)), s.area.bottom() + 1, w, axis_height),
        Qt::AlignHCenter | Qt::AlignVCenter, label);
  }
}

void TokenChart::paintLines(QPainter& painter, const TimelineScale& s) const {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (!has(lines_[i])) continue;
    QPolygonF points;
    const auto columns =
        lines_[i].values.columns(s.from_ms, s.to_ms, std::max(1, static_cast<int>(s.area.width() / 2)));
    const double step = s.area.width() / static_cast<double>(columns.size());
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if (columns[column].count == 0) continue;
      points << QPointF(s.area.left() + (static_cast<double>(column) + 0.5) * step,
                        s.y(onAxis(columns[column].mean())));
    }
    if (points.size() == 1) points << points.front() + QPointF(2, 0);
    painter.setPen(linePen(static_cast<int>(i), palette()));
    painter.drawPolyline(points);
  }
}

// Beside the ends of the lines, moved apart where they would cover each other.
void TokenChart::paintLabels(QPainter& painter, const TimelineScale& s) const {
  if (width() < least_labelled) return;
  struct Label {
    double y;
    std::size_t line;
  };
  std::vector<Label> labels;
  const double height = fontMetrics().height();
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (has(lines_[i]))
      labels.push_back({std::max(s.area.top(), s.y(onAxis(lines_[i].values.last()))) - height / 2, i});
  }
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.y < b.y; });
  for (std::size_t i = 1; i < labels.size(); ++i) labels[i].y = std::max(labels[i].y, labels[i - 1].y + height);
  double bottom = this->height() - height;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label, bottom -= height)
    label->y = std::min(label->y, bottom);
  for (const Label& label : labels) {
    painter.setPen(linePen(static_cast<int>(label.line), palette()).color());
    painter.drawText(QRectF(s.area.right() + grid / 2.0, label.y, width() - s.area.right(), height), Qt::AlignVCenter,
                     lines_[label.line].label);
  }
}

}  // namespace catena::ui
