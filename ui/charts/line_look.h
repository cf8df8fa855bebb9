// How the lines of a chart with many series are told apart: each has a colour and a dash pattern of its own.
#pragma once

#include <QPen>

class QPainter;
class QRectF;

namespace catena::ui {

/// The pen of line `i`; the looks repeat after ten.
QPen linePen(int i, const QPalette& palette);

/// A short piece of the line, for a legend.
void paintSwatch(QPainter& painter, const QRectF& area, int i, const QPalette& palette);

}  // namespace catena::ui
