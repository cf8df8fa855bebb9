// What counts as a word where text is completed: letters of any alphabet, digits and underscores.
#pragma once

#include <string_view>

#include "model/text/letters.h"

namespace catena::app {

using model::is_blank;
using model::is_space;
using model::is_word;

/// The next word of a suggestion: white space before it included, then letters, digits and underscores, or else one run of
/// other characters. This is what Ctrl+Right accepts.
std::string_view next_word(std::string_view suggestion);
/// The word characters at the end of a text: what is typed of a word.
std::string_view last_word(std::string_view text);

}  // namespace catena::app
