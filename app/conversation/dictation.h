// Spoken words to typed text: punctuation and commands by name, capitals and spaces by rule. Pure text.
#pragma once

#include <string>
#include <vector>

namespace catena::app {

struct DictationEdit {
  enum class Kind {
    insert,  ///< `text` at the cursor
    undo,    ///< takes the last insertion back
    stop     ///< dictation is over; what follows is not dictated
  };
  Kind kind = Kind::insert;
  std::string text = {};
  bool operator==(const DictationEdit&) const = default;
};

/// "comma", "period" or "full stop", "question mark", "exclamation mark", "colon", "new line", "new paragraph", "undo that" and "stop
/// dictation" are done, everything else is typed. A sentence begins with a capital.
class Dictation {
 public:
  /// Newly settled words, and whether the utterance ends behind them. A word that may begin a command waits for the next one.
  std::vector<DictationEdit> hear(const std::vector<std::string>& words, bool ended);

 private:
  void type(const std::string& word, std::vector<DictationEdit>& edits);

  std::string waiting_;      // may begin a command
  bool capital_ = true;      // the next word begins a sentence
  bool space_ = false;       // the next word needs one before it
  bool capital_before_ = true, space_before_ = false;  // as they were before the last insertion
};

}  // namespace catena::app
