// How many key presses suggestions save: a simulated typist who types a known text and accepts a suggestion, word by
// word, when its next word is right. Beside it, on the same suggestions, one who takes what is right with as few keys
// as the window has for it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace catena::app {

struct Keystrokes {
  std::int64_t without = 0;  ///< characters typed by hand, a key each
  std::int64_t with = 0;     ///< keys pressed when suggestions are accepted word by word
  std::int64_t fewest = 0;   ///< keys pressed when one takes all of a suggestion that is right, another its first line
  std::int64_t suggestions = 0;  ///< asked for
  std::int64_t shown = 0;        ///< that appeared, the first or in place of another
  std::int64_t right = 0;        ///< of those, the next word was right
  std::int64_t accepted = 0;     ///< words accepted

  double saved_percent() const { return share_saved(with); }
  double most_saved_percent() const { return share_saved(fewest); }
  double right_percent() const {
    return shown == 0 ? 0 : 100.0 * static_cast<double>(right) / static_cast<double>(shown);
  }
  Keystrokes& operator+=(const Keystrokes& other);

 private:
  double share_saved(std::int64_t pressed) const {
    return without == 0 ? 0 : 100.0 * static_cast<double>(without - pressed) / static_cast<double>(without);
  }
};

/// What stands behind the cursor as a suggestion, empty for none, after `typed` (everything before the cursor).
using Suggest = std::function<std::string(std::string_view typed)>;

/// Types text[first, end). Rules, the same for every source of suggestions:
///  * a typed character is one key, an accepted word one key (Ctrl+Right); a suggestion is used only when its whole
///  next
///    word is right and at least two characters long;
///  * `fewest` counts a single key where all of a suggestion is right (Tab), or its first line (Shift+Tab), and else
///  the
///    same keys;
///  * the indentation that equals that of the line above is typed by the editor, not by the typist, and counts for
///    nobody;
///  * a suggestion is asked for at every key; what is left of the one before stays as long as what is typed agrees with
///    it and the new one begins with the same word, or there is none (ui/editor/ghost_model.h).
Keystrokes type_text(std::string_view text, std::size_t first, const Suggest& suggest);

/// What an editor does without a model: once two letters of a word stand before the cursor, the most recent word of the
/// text before that begins with them and is longer, else the first such word of the text behind the cursor.
std::string complete_from_file(std::string_view typed, std::string_view after = {});

}  // namespace catena::app
