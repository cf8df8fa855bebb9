#include "model/speech/lexicon.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <tuple>

namespace catena::model {

Lexicon Lexicon::load(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error("lexicon '" + path.string() + "' cannot be opened; is the model folder complete?");
  Lexicon lexicon;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::size_t tab = line.find('\t');
    const std::string word = line.substr(0, tab), phones = tab == std::string::npos ? "" : line.substr(tab + 1);
    const bool valid = !word.empty() && !phones.empty() && std::all_of(phones.begin(), phones.end(), [](char c) {
      return c != ' ' && symbol_of(c) != kBlank;
    });
    if (!valid)
      throw std::runtime_error(path.string() + ":" + std::to_string(number) +
                               ": a word, a tab and its phone letters are expected");
    lexicon.entries_.push_back({phones, word});
    lexicon.spoken_[word].push_back(phones);
  }
  std::sort(lexicon.entries_.begin(), lexicon.entries_.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.phones, a.word) < std::tie(b.phones, b.word); });
  return lexicon;
}

std::optional<std::vector<Symbol>> Lexicon::symbols(std::string_view text) const {
  std::vector<Symbol> result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::span<const std::string> spoken = pronunciations(text.substr(0, end));
    if (spoken.empty()) return std::nullopt;
    if (!result.empty()) result.push_back(kSpace);
    for (const char phone : spoken.front()) result.push_back(symbol_of(phone));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::span<const std::string> Lexicon::pronunciations(std::string_view word) const {
  const auto found = spoken_.find(std::string(word));
  if (found == spoken_.end()) return {};
  return found->second;
}

}  // namespace catena::model
