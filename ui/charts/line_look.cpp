#include "ui/charts/line_look.h"

#include <QPainter>
#include <array>

#include "ui/theme.h"

namespace catena::ui {
namespace {

constexpr qreal line_width = 2;

// Dash and gap lengths in widths of the line; empty: solid.
const std::array<QList<qreal>, 10>& patterns() {
  static const std::array<QList<qreal>, 10> list{
      {{}, {5, 2}, {1, 2}, {5, 2, 1, 2}, {9, 3}, {5, 2, 1, 2, 1, 2}, {2.5, 1.5}, {9, 2, 3, 2}, {1, 4}, {3, 2, 1, 2}}};
  return list;
}

}  // namespace

QPen linePen(int i, const QPalette& palette) {
  const auto& colors = colorsFor(palette).lines;
  const auto look = static_cast<std::size_t>(i) % colors.size();
  QPen pen(colors[look], line_width, Qt::SolidLine, Qt::FlatCap, Qt::BevelJoin);
  if (!patterns()[look].isEmpty()) pen.setDashPattern(patterns()[look]);
  return pen;
}

void paintSwatch(QPainter& painter, const QRectF& area, int i, const QPalette& palette) {
  painter.setPen(linePen(i, palette));
  painter.drawLine(QPointF(area.left(), area.center().y()), QPointF(area.right(), area.center().y()));
}

}  // namespace catena::ui
