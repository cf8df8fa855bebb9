#include "model/text/words.h"

namespace catena::model {

std::string_view next_word(std::string_view suggestion) {
  std::size_t end = 0;
  while (end < suggestion.size() && is_space(suggestion[end])) ++end;
  if (end == suggestion.size()) return suggestion;
  const bool word = is_word(suggestion[end]);
  while (end < suggestion.size() && !is_space(suggestion[end]) && is_word(suggestion[end]) == word) ++end;
  return suggestion.substr(0, end);
}

std::string_view last_word(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  return text.substr(begin);
}

}  // namespace catena::model
