// Words of a text, where text is completed (letters.h says what they are made of).
#pragma once

#include <string_view>

#include "model/text/letters.h"

namespace catena::model {

/// The next word of a suggestion: white space before it included, then letters, digits and underscores, or else one run
/// of other characters. This is what Ctrl+Right accepts.
std::string_view next_word(std::string_view suggestion);
/// The word characters at the end of a text: what is typed of a word.
std::string_view last_word(std::string_view text);

}  // namespace catena::model
