#include "ui/charts/hover.h"

#include <QPainter>
#include <QWidget>
#include <algorithm>

#include "ui/theme.h"

namespace catena::ui {

void paintHover(QPainter& painter, const QWidget& chart, const QRectF& area, int x, const QString& text) {
  if (text.isEmpty()) return;
  const QPalette palette = chart.palette();
  painter.setPen(palette.color(QPalette::WindowText));
  painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
  const QRect wanted(0, 0, chart.width() - grid, chart.height());
  QRectF box = QRectF(chart.fontMetrics().boundingRect(wanted, Qt::TextWordWrap, text)).adjusted(-4, -2, 4, 2);
  box.moveTo(std::clamp(x - box.width() / 2, 0.0, std::max(0.0, chart.width() - box.width())), area.top());
  painter.fillRect(box, palette.color(QPalette::ToolTipBase));
  painter.setPen(palette.color(QPalette::ToolTipText));
  painter.drawText(box, Qt::AlignCenter | Qt::TextWordWrap, text);
}

void paintFocus(QPainter& painter, const QWidget& chart) {
  if (!chart.hasFocus()) return;
  painter.setPen(chart.palette().color(QPalette::Highlight));
  painter.drawRect(chart.rect().adjusted(0, 0, -1, -1));
}

}  // namespace catena::ui
