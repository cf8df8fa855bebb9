// Light and dark: the Fusion palette and the few colours that charts and the editor need beside it.
#pragma once

#include <QColor>
#include <QPalette>
#include <array>

namespace catena::ui {

enum class Theme { system, light, dark };

/// Grid of the layout, in device-independent pixels.
constexpr int grid = 8;

struct Colors {
  bool dark = false;
  QColor paper, text, dim_text, ghost, caret_line, selection, margin;
  QColor chart, chart_grid, notice, good, warning, bad, series_a, series_b, mark;
  std::array<QColor, 10> lines;  ///< of charts with many series; told apart by patterns as well (ui/charts/line_look.h)
  QColor keyword, type, string, number, comment, preprocessor;
};

/// The colours that go with a palette (dark when its window is darker than its text).
const Colors& colorsFor(const QPalette& palette);

/// Sets the application's style and palette. `system` goes back to what the desktop gave at start.
void applyTheme(Theme theme);

}  // namespace catena::ui
