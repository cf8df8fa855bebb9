#include "model/text/spoken_asides.h"

#include <algorithm>
#include <cctype>

namespace catena::model {
namespace {

constexpr std::size_t least_said = 6, most_said = 40;  // tokens of the text that an example speaks of
constexpr std::size_t search = 32;                     // tokens looked ahead for the beginning of a word
// Of the words, as the shipped reader of speech makes mistakes.
constexpr double left_out = 0.05, taken_for_another = 0.18;

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_capital(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::vector<Token> spoken_aside(const Tokenizer& tokenizer, std::string_view words) {
  if (words.empty()) return {};
  std::vector<Token> said = tokenizer.encode(" " + std::string(words));
  if (said.size() > longest_aside - 2) said.erase(said.begin(), said.end() - (longest_aside - 2));
  said.insert(said.begin(), tokenizer.control(Control::user));
  said.push_back(tokenizer.control(Control::prefix));
  return said;
}

std::vector<std::string> as_spoken(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_letter(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    const auto inside = [&](std::size_t place) {
      if (text[place] == '\'') return place + 1 < text.size() && is_letter(text[place + 1]);
      if (!is_letter(text[place])) return false;
      if (!is_capital(text[place])) return true;
      // A capital begins a word, unless it is one of several.
      const bool runs_on = place + 1 >= text.size() || !is_letter(text[place + 1]) || is_capital(text[place + 1]);
      return is_capital(text[place - 1]) && runs_on;
    };
    while (end < text.size() && inside(end)) ++end;
    std::string word(text.substr(at, end - at));
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    words.push_back(std::move(word));
    at = end;
  }
  return words;
}

SpokenAsides::SpokenAsides(std::shared_ptr<const Tokenizer> tokenizer, double mean_gap, std::uint64_t seed)
    : tokenizer_(std::move(tokenizer)), mean_gap_(mean_gap), random_(seed) {
  for (Token token = 0; token < tokenizer_->vocab(); ++token) {
    const std::string_view piece = tokenizer_->piece(token);
    begins_word_.push_back(!piece.empty() && std::isspace(static_cast<unsigned char>(piece.front())) != 0);
  }
}

std::string SpokenAsides::misheard(const std::vector<std::string>& words, const std::vector<std::string>& others) {
  std::uniform_real_distribution<double> chance;
  std::uniform_int_distribution<std::size_t> any(0, others.size() - 1);
  std::string text;
  for (const std::string& word : words) {
    const double luck = chance(random_);
    if (luck < left_out) continue;
    text += (text.empty() ? "" : " ") + (luck < left_out + taken_for_another ? others[any(random_)] : word);
  }
  return text;
}

void SpokenAsides::rewrite(const std::vector<Token>& document, std::vector<Token>& out) {
  const auto is = [&](Token token, Control control) { return token == tokenizer_->control(control); };
  const auto is_turn = [&](Token token) { return is(token, Control::user) || is(token, Control::assistant); };
  std::string text;
  for (const Token token : document) text += tokenizer_->piece(token);
  const std::vector<std::string> others = as_spoken(text);
  if (others.empty() || std::any_of(document.begin(), document.end(), is_turn)) {
    out.insert(out.end(), document.begin(), document.end());
    return;
  }
  std::exponential_distribution<double> gap(1.0 / mean_gap_);
  std::uniform_int_distribution<std::size_t> length(least_said, most_said);
  std::size_t next = 1 + static_cast<std::size_t>(gap(random_));
  bool filling_in = false;  // between <|suffix|> and <|prefix|>
  for (std::size_t at = 0; at < document.size(); ++at) {
    const Token token = document[at];
    if (is(token, Control::suffix)) filling_in = true;
    if (at >= next && !filling_in && (begins_word_[static_cast<std::size_t>(token)] || at >= next + search)) {
      const std::size_t most = std::min(document.size() - at, length(random_));
      std::string said;
      for (std::size_t i = at; i < at + most && !is(document[i], Control::suffix) && !is(document[i], Control::end);
           ++i)
        said += tokenizer_->piece(document[i]);
      const std::vector<Token> aside = spoken_aside(*tokenizer_, misheard(as_spoken(said), others));
      out.insert(out.end(), aside.begin(), aside.end());
      next = at + 1 + static_cast<std::size_t>(gap(random_));
    }
    if (is(token, Control::prefix)) filling_in = false;
    out.push_back(token);
  }
}

}  // namespace catena::model
