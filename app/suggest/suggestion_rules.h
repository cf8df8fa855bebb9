// What of a completion is worth showing, given the text that already stands after the cursor. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace catena::app {

/// Bytes of text after the cursor that fit_to_following() wants to see.
inline constexpr std::size_t following_bytes = 400;

/// Only white space stands between the line's start and the cursor, and nothing after it on the line: a whole
/// statement may be suggested instead of the rest of a line.
bool on_blank_line(std::string_view line_before, std::string_view following);

/// Shortens a completion so that it never repeats what stands after the cursor: closing brackets and line ends that are
/// already there, the rest of the line, the lines below. Empty when nothing worth showing is left.
std::string fit_to_following(std::string completion, std::string_view following);

}  // namespace catena::app
