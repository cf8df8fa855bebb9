#include "model/speech/error_rate.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace catena::model {
namespace {

/// Levenshtein's distance. Cost: the product of the lengths.
template <typename Items>
Errors count(const Items& said, const Items& read) {
  std::vector<std::int64_t> row(read.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < said.size(); ++i) {
    std::int64_t diagonal = std::exchange(row[0], static_cast<std::int64_t>(i + 1));
    for (std::size_t j = 0; j < read.size(); ++j) {
      const std::int64_t replaced = diagonal + (said[i] == read[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return {row.back(), static_cast<std::int64_t>(said.size())};
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> result;
  for (std::size_t begin = text.find_first_not_of(" \t\n"); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t\n", begin), text.size());
    result.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(" \t\n", end);
  }
  return result;
}

}  // namespace

Errors word_errors(std::string_view said, std::string_view read) { return count(words(said), words(read)); }
Errors character_errors(std::string_view said, std::string_view read) { return count(said, read); }

}  // namespace catena::model
