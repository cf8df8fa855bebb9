// Where a completion stops: looks at text only, in code and in prose.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace catena::model {

/// What a completion may run to.
enum class Boundary {
  none,       ///< only the number of tokens, or the end of the document
  line,       ///< the end of a line that says something
  statement,  ///< a line outside brackets, a `;`, or the end of a sentence
  block       ///< the lines that are indented deeper than the one it began on, with the closing bracket
};

/// The line that the cursor is on, as far as it matters for indentation.
struct LineStart {
  int indentation = 0;  ///< columns; a tab goes to the next multiple of 4
  bool blank = true;    ///< nothing but spaces and tabs so far

  void read(std::string_view text);
  bool operator==(const LineStart&) const = default;
};

/// The length of the part of `text` (generated behind a cursor in a line that began as `start`) that is complete;
/// nothing while it may go on.
std::optional<std::size_t> find_boundary(Boundary boundary, const LineStart& start, std::string_view text);

}  // namespace catena::model
