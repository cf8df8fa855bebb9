#include "app/evaluation/typist.h"

#include <algorithm>

#include "model/text/words.h"

namespace catena::app {
namespace {

using model::is_word;
using model::last_word;
using model::next_word;

constexpr std::size_t kLeastTyped = 2;           // letters before the editor offers a word
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

/// How the word at `at` goes on behind its first `typed` bytes; empty when no word begins there or it ends with them.
std::string_view ending_of_word(std::string_view text, std::size_t at, std::size_t typed) {
  if (at > 0 && is_word(text[at - 1])) return {};
  std::size_t end = at + typed;
  while (end < text.size() && is_word(text[end])) ++end;
  return text.substr(at + typed, end - at - typed);
}

/// What Shift+Tab takes: up to the end of the line; where the line is done, its end and the next line.
std::string_view next_line(std::string_view suggestion) {
  return suggestion.substr(0, suggestion.find('\n', suggestion.starts_with('\n') ? 1 : 0));
}

/// Whether `part` comes next, and the word that it ends in ends there.
bool comes_whole(std::string_view part, std::string_view rest) {
  if (!rest.starts_with(part)) return false;
  return part.size() == rest.size() || part.empty() || !is_word(part.back()) || !is_word(rest[part.size()]);
}

}  // namespace

Keystrokes& Keystrokes::operator+=(const Keystrokes& other) {
  without += other.without;
  with += other.with;
  fewest += other.fewest;
  suggestions += other.suggestions;
  shown += other.shown;
  right += other.right;
  accepted += other.accepted;
  return *this;
}

Keystrokes type_text(std::string_view text, std::size_t first, const Suggest& suggest) {
  Keystrokes keys;
  std::size_t taken_to = 0;  // by one key of the fewest
  std::string suggestion;
  for (std::size_t position = first; position < text.size();) {
    if (position > 0 && text[position - 1] == '\n') {
      const std::string_view indentation = indentation_above(text, position);
      if (!indentation.empty() && text.substr(position).starts_with(indentation)) {
        position += indentation.size();
        suggestion = std::string_view(suggestion).starts_with(indentation) ? suggestion.substr(indentation.size())
                                                                           : std::string();
        continue;
      }
    }
    const std::string_view rest = text.substr(position);
    std::string fresh = suggest(text.substr(0, position));
    ++keys.suggestions;
    const bool appears = !fresh.empty() && next_word(fresh) != next_word(suggestion);
    if (appears) suggestion = std::move(fresh);
    const std::string_view word = next_word(suggestion);
    const bool whole = comes_whole(word, rest);
    if (position >= taken_to) {
      keys.fewest += 1;  // for all of it, a line, a word, or the next character
      for (const std::string_view part : {next_line(suggestion), std::string_view(suggestion)}) {
        if (comes_whole(part, rest)) taken_to = position + part.size();
      }
    }
    if (appears) {
      ++keys.shown;
      keys.right += whole ? 1 : 0;
    }
    if (word.size() >= 2 && whole) {
      keys.without += static_cast<std::int64_t>(word.size());
      keys.with += 1;
      keys.accepted += 1;
      if (position < taken_to && position + word.size() > taken_to)
        keys.fewest += 1;  // the word goes on behind the line
      position += word.size();
      suggestion.erase(0, word.size());
      continue;
    }
    keys.without += 1;
    keys.with += 1;
    const bool agrees = !suggestion.empty() && suggestion.front() == text[position];
    suggestion.erase(0, agrees ? 1 : suggestion.size());
    ++position;
  }
  return keys;
}

std::string complete_from_file(std::string_view typed, std::string_view after) {
  const std::string_view prefix = last_word(typed);
  if (prefix.size() < kLeastTyped) return {};
  const std::string_view before = typed.substr(0, typed.size() - prefix.size());
  const std::string_view near = before.substr(before.size() - std::min(before.size(), kWordSearch));
  for (std::size_t at = near.rfind(prefix); at != std::string_view::npos;
       at = at == 0 ? at - 1 : near.rfind(prefix, at - 1)) {
    if (const std::string_view ending = ending_of_word(near, at, prefix.size()); !ending.empty())
      return std::string(ending);
  }
  after = after.substr(0, kWordSearch);
  for (std::size_t at = after.find(prefix); at != std::string_view::npos; at = after.find(prefix, at + 1)) {
    if (const std::string_view ending = ending_of_word(after, at, prefix.size()); !ending.empty())
      return std::string(ending);
  }
  return {};
}

}  // namespace catena::app
