#include "app/evaluation/typist.h"

#include "app/suggest/words.h"

namespace catena::app {
namespace {

constexpr std::size_t kLeastTyped = 2;          // letters before the editor offers a word
constexpr std::size_t kWordSearch = 256 * 1024;  // bytes looked back for words

/// Spaces and tabs that the line before `position` (which follows a newline) begins with.
std::string_view indentation_above(std::string_view text, std::size_t position) {
  if (position == 0) return {};
  std::size_t begin = text.rfind('\n', position >= 2 ? position - 2 : 0);
  begin = begin == std::string_view::npos || position < 2 ? 0 : begin + 1;
  std::size_t end = begin;
  while (end < position && (text[end] == ' ' || text[end] == '\t')) ++end;
  return text.substr(begin, end - begin);
}

}  // namespace

Keystrokes& Keystrokes::operator+=(const Keystrokes& other) {
  without += other.without;
  with += other.with;
  suggestions += other.suggestions;
  shown += other.shown;
  right += other.right;
  accepted += other.accepted;
  return *this;
}

Keystrokes type_text(std::string_view text, std::size_t first, const Suggest& suggest) {
  Keystrokes keys;
  std::string suggestion;
  bool ask = true;
  for (std::size_t position = first; position < text.size();) {
    if (position > 0 && text[position - 1] == '\n') {
      const std::string_view indentation = indentation_above(text, position);
      if (!indentation.empty() && text.substr(position).starts_with(indentation)) {
        position += indentation.size();
        suggestion = std::string_view(suggestion).starts_with(indentation) ? suggestion.substr(indentation.size()) : std::string();
        ask = suggestion.empty();
        continue;
      }
    }
    const bool asked = ask;
    if (ask) {
      suggestion = suggest(text.substr(0, position));
      ++keys.suggestions;
      ask = false;
    }
    const std::string_view word = next_word(suggestion);
    const std::string_view rest = text.substr(position);
    // Whole: the text's word does not go on behind it.
    const bool whole = rest.starts_with(word) && (word.size() == rest.size() || word.empty() || !is_word(word.back()) || !is_word(rest[word.size()]));
    if (asked && !suggestion.empty()) {
      ++keys.shown;
      keys.right += whole ? 1 : 0;
    }
    if (word.size() >= 2 && whole) {
      keys.without += static_cast<std::int64_t>(word.size());
      keys.with += 1;
      keys.accepted += 1;
      position += word.size();
      suggestion.erase(0, word.size());
      ask = suggestion.empty();
      continue;
    }
    keys.without += 1;
    keys.with += 1;
    const bool agrees = !suggestion.empty() && suggestion.front() == text[position];
    suggestion.erase(0, agrees ? 1 : suggestion.size());
    ask = suggestion.empty();
    ++position;
  }
  return keys;
}

std::string complete_from_file(std::string_view typed) {
  const std::string_view prefix = last_word(typed);
  const std::size_t begin = typed.size() - prefix.size();
  if (prefix.size() < kLeastTyped) return {};
  const std::size_t farthest = typed.size() > kWordSearch ? typed.size() - kWordSearch : 0;
  for (std::size_t at = begin; at > farthest;) {
    at = typed.rfind(prefix, at - 1);
    if (at == std::string_view::npos || at < farthest) return {};
    if (at > 0 && is_word(typed[at - 1])) continue;
    std::size_t end = at + prefix.size();
    while (end < begin && is_word(typed[end])) ++end;
    if (end > at + prefix.size()) return std::string(typed.substr(at + prefix.size(), end - at - prefix.size()));
  }
  return {};
}

}  // namespace catena::app
