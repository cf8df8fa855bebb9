// Where the lines of a suggestion are drawn. Real text is never moved or covered:
// * the first line follows the cursor when nothing stands right of it, else it follows the end of the line behind an
// arrow;
// * further lines lie in place when the lines below are blank (or past the end of the text), else in the free space to
// the
//   right of the text below, with a bar beside them; when that space is too narrow they are only counted ("+3 lines").
#pragma once

#include <QString>
#include <QStringList>
#include <functional>
#include <vector>

namespace catena::ui {

struct GhostGeometry {
  int caret_x = 0;            ///< pixel left of the cursor, in the view
  int caret_y = 0;            ///< top of the cursor's line
  int text_left = 0;          ///< pixel of column 0
  int line_end_x = 0;         ///< right end of the real text of the cursor's line
  bool rest_is_blank = true;  ///< nothing but white space right of the cursor
  std::vector<int>
      below_end_x;  ///< right end of each following line; text_left or less when it is blank; missing: past the end
  int line_height = 1;
  int view_width = 0;
  int view_height = 0;
  std::function<int(const QString&)> width;  ///< of a text, in pixels
};

struct GhostLine {
  QString text;
  int x = 0;
  int y = 0;
};

struct GhostPlacement {
  std::vector<GhostLine> lines;
  int hidden_lines = 0;  ///< counted in the last line's text
  int bar_x = -1;        ///< left of a block beside the text, -1: none
};

GhostPlacement placeGhost(const QStringList& lines, const GhostGeometry& geometry);

}  // namespace catena::ui
