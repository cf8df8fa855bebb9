#include "ui/editor/ghost_layout.h"

#include <algorithm>

namespace catena::ui {
namespace {

QString countOf(int lines) {
  return lines == 1 ? QStringLiteral("  +1 line") : QStringLiteral("  +%1 lines").arg(lines);
}

}  // namespace

GhostPlacement placeGhost(const QStringList& lines, const GhostGeometry& g) {
  GhostPlacement placement;
  if (lines.isEmpty()) return placement;
  const int gap = g.width(QStringLiteral("  "));
  GhostLine first{lines.first(), g.caret_x, g.caret_y};
  if (!g.rest_is_blank) first = {QStringLiteral("\u21e5 ") + lines.first(), g.line_end_x + gap, g.caret_y};
  placement.lines.push_back(first);

  const int more = static_cast<int>(lines.size()) - 1;
  if (more == 0) return placement;
  const int room = std::max(0, (g.view_height - g.caret_y) / std::max(1, g.line_height) - 1);
  const int shown = std::min(more, room);

  const int below = std::min(shown, static_cast<int>(g.below_end_x.size()));
  int right = 0;
  for (int i = 0; i < below; ++i) right = std::max(right, g.below_end_x[static_cast<std::size_t>(i)]);
  const bool in_place = g.rest_is_blank && right <= g.text_left;

  int widest = 0;
  for (int i = 1; i <= shown; ++i) widest = std::max(widest, g.width(lines[i]));
  const int beside = std::max(right, g.text_left) + 2 * gap;
  const bool fits_beside = beside + widest <= g.view_width;

  if (shown == 0 || (!in_place && !fits_beside)) {
    placement.hidden_lines = more;
    placement.lines.front().text += countOf(more);
    return placement;
  }
  if (!in_place) placement.bar_x = beside - gap / 2;
  for (int i = 1; i <= shown; ++i)
    placement.lines.push_back({lines[i], in_place ? g.text_left : beside, g.caret_y + i * g.line_height});
  placement.hidden_lines = more - shown;
  if (placement.hidden_lines > 0) placement.lines.back().text += countOf(placement.hidden_lines);
  return placement;
}

}  // namespace catena::ui
