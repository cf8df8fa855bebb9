// Spoken words to typed text: punctuation and commands by name, capitals and spaces by rule. Pure text.
#pragma once

#include <string>
#include <vector>

namespace catena::app {

struct DictationEdit {
  enum class Kind {
    insert,  ///< `text` at the cursor
    undo,    ///< takes the last insertion back
    accept,  ///< takes the suggestion at the cursor
    stop     ///< dictation is over; what follows is not dictated
  };
  Kind kind = Kind::insert;
  std::string text = {};
  bool operator==(const DictationEdit&) const = default;
};

/// "comma", "period" or "full stop", "question mark", "exclamation mark", "colon", "new line", "new paragraph", "undo
/// that", "accept that" and "stop dictation" are done, "accept" and "stop" where they are said alone; everything else
/// is typed. A sentence begins with a capital.
class Dictation {
 public:
  /// Newly settled words, and whether the utterance ends behind them. A word that may begin a command waits for the
  /// next one. phrase: the one of phrases() that all of the utterance was: it is done, and what was typed of the
  /// utterance is taken back.
  std::vector<DictationEdit> hear(const std::vector<std::string>& words, bool ended, const std::string& phrase = {});

  /// What commands and punctuation are called, for a recogniser of phrases.
  static std::vector<std::string> phrases();

 private:
  struct Typing {
    bool capital = true;  // the next word begins a sentence
    bool space = false;   // the next word needs one before it
  };
  void read(const std::vector<std::string>& words, bool ended, std::vector<DictationEdit>& edits);
  void type(const std::string& word, std::vector<DictationEdit>& edits);
  void obey(const DictationEdit& command, std::vector<DictationEdit>& edits);

  std::string waiting_;  // may begin a command
  Typing now_, before_;  // before_: the last insertion
  Typing utterance_, utterance_before_;  // as they were at the beginning of the utterance
  int words_ = 0;        // of the utterance
  std::vector<DictationEdit> done_;  // in it
};

}  // namespace catena::app
