#include "app/suggest/suggestion_rules.h"

#include <algorithm>

#include "model/text/words.h"

namespace catena::app {
namespace {

using model::is_blank;

constexpr std::string_view blanks = " \t\r";

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
}

/// Closing brackets that `text` itself has opened.
int open_brackets(std::string_view text) {
  int open = 0;
  for (const char c : text) {
    if (c == '(' || c == '[' || c == '{') ++open;
    if (c == ')' || c == ']' || c == '}') --open;
  }
  return open;
}

/// Takes the longest end of the completion away that is the beginning of `rest`.
void cut_overlap(std::string& completion, std::string_view rest) {
  for (std::size_t length = std::min(completion.size(), rest.size()); length > 0; --length) {
    if (!completion.ends_with(rest.substr(0, length))) continue;
    // "f(x)" before ")": the bracket belongs to the completion's own call.
    const std::string_view kept = std::string_view(completion).substr(0, completion.size() - length);
    if (open_brackets(kept) > 0) continue;
    completion.resize(completion.size() - length);
    return;
  }
}

/// Ends the completion before its first line that is also the next line of the text.
void cut_known_line(std::string& completion, std::string_view below) {
  std::string_view next;
  while (!below.empty() && next.empty()) {
    next = trimmed(first_line(below));
    below.remove_prefix(std::min(below.size(), first_line(below).size() + 1));
  }
  if (next.empty()) return;
  for (std::size_t at = 0; at < completion.size();) {
    const std::string_view line = first_line(std::string_view(completion).substr(at));
    if (trimmed(line) == next) {
      completion.resize(at);
      return;
    }
    at += line.size() + 1;
  }
}

}  // namespace

bool on_blank_line(std::string_view line_before, std::string_view following) {
  return is_blank(line_before) && is_blank(first_line(following));
}

std::string fit_to_following(std::string completion, std::string_view following) {
  const std::string_view rest = first_line(following);
  if (const std::string_view text = trimmed(rest); !text.empty()) {
    completion.resize(first_line(completion).size());  // more lines would tear the rest of this one off
    if (trimmed(completion).starts_with(text)) return {};
    cut_overlap(completion, rest.substr(0, rest.find_last_not_of(blanks) + 1));
  } else {
    following.remove_prefix(std::min(following.size(), rest.size() + 1));
    cut_known_line(completion, following);
  }
  while (!completion.empty() && is_blank(completion.substr(completion.size() - 1))) completion.pop_back();
  return completion;
}

}  // namespace catena::app
