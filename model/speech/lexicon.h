// Which sounds words are made of. A reader that writes phones instead of letters need not know how English is spelled.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/speech/symbols.h"

namespace catena::model {

/// From a text file with a line for each pronunciation: word, tab, its phones as phone letters (symbols.h). A word's
/// first one is what it is taught with.
class Lexicon {
 public:
  struct Entry {
    std::string phones, word;
  };

  /// Throws std::runtime_error with one line naming the file and the line that is wrong.
  static Lexicon load(const std::filesystem::path& path);

  /// Sorted by phones.
  const std::vector<Entry>& entries() const { return entries_; }
  /// What is said, with spaces between words; nothing when a word is not known.
  std::optional<std::vector<Symbol>> symbols(std::string_view text) const;
  /// Of one word, as phone letters, in the order of the file; empty when it is not known.
  std::span<const std::string> pronunciations(std::string_view word) const;

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::vector<std::string>> spoken_;  // pronunciations of a word
};

}  // namespace catena::model
