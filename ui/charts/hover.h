// How a chart's painting ends: the value at the pointer, and that the keyboard is here.
#pragma once

class QPainter;
class QRectF;
class QString;
class QWidget;

namespace catena::ui {

/// A line through the chart's `area` at pixel column `x`, and `text` on it, wrapped where the chart is narrower.
/// Nothing for an empty text.
void paintHover(QPainter& painter, const QWidget& chart, const QRectF& area, int x, const QString& text);
/// A frame around the chart while it has the focus.
void paintFocus(QPainter& painter, const QWidget& chart);

}  // namespace catena::ui
