#include "app/suggest/word_features.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>

#include "model/text/words.h"

namespace catena::app {
namespace {

using model::is_blank;
using model::is_space;
using model::is_word;
using model::last_word;

constexpr std::size_t searched_bytes = 32 * 1024;  // for the word's other places, on either side of the cursor
constexpr int most_occurrences = 50;
constexpr double nowhere = 50'000;  // as which distance a word counts that occurs nowhere
constexpr double long_match = 8;    // bytes
constexpr int features_of_recalled = 9;

std::string_view without_spaces_before(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

/// Calls `at` with each place of `word` in `text` where it is not part of a longer one.
template <class At>
void find_whole(std::string_view text, std::string_view word, At&& at) {
  if (word.empty()) return;
  for (std::size_t place = text.find(word); place != std::string_view::npos; place = text.find(word, place + 1)) {
    const std::size_t end = place + word.size();
    const bool longer = (is_word(word.front()) && place > 0 && is_word(text[place - 1])) ||
                        (is_word(word.back()) && end < text.size() && is_word(text[end]));
    if (!longer) at(place);
  }
}

bool contains(std::string_view text, std::string_view word) {
  bool found = false;
  find_whole(text, word, [&](std::size_t) { found = true; });
  return found;
}

float log1p(double value) { return static_cast<float>(std::log1p(value)); }

}  // namespace

WordEvidence::WordEvidence(std::string_view before, std::string_view after, std::vector<Recalled> recalled)
    : before_(before.substr(before.size() - std::min(before.size(), searched_bytes))),
      after_(after.substr(0, searched_bytes)),
      typed_(last_word(before)),
      recalled_(std::move(recalled)) {
  before_.remove_suffix(typed_.size());
  const std::size_t line = before_.rfind('\n') + 1;
  line_ = before_.substr(line);
  std::string_view above = before_.substr(0, line);
  while (!above.empty() && is_space(above.back())) above.remove_suffix(1);
  line_before_ = above.substr(above.rfind('\n') + 1);
  std::string_view words = before_;
  while (!words.empty() && !is_word(words.back())) words.remove_suffix(1);
  word_before_ = last_word(words);
}

void WordEvidence::describe(std::span<const model::WordCandidate> candidates, std::vector<WordFeatures>& rows) const {
  rows.assign(candidates.size(), {});
  double best = -1e9, longest_match = 0, most_evidence = 0;
  for (const model::WordCandidate& candidate : candidates) {
    best = std::max(best, candidate.log_probability);
    if (candidate.expected < 0) continue;
    const Recalled& recalled = recalled_[static_cast<std::size_t>(candidate.expected)];
    longest_match = std::max(longest_match, static_cast<double>(recalled.match));
    most_evidence = std::max(most_evidence, recalled.share);
  }
  const char behind = before_.empty() ? '\n' : before_.back();
  const std::size_t typed = typed_.size();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const model::WordCandidate& candidate = candidates[i];
    auto feature = rows[i].begin();
    const auto add = [&](double value) { *feature++ = static_cast<float>(value); };

    const auto rank = std::count_if(candidates.begin(), candidates.end(), [&](const model::WordCandidate& other) {
      return other.log_probability > candidate.log_probability;
    });
    add(candidate.log_probability);
    add(candidate.log_probability - best);
    add(rank == 0 ? 1 : 0);
    add(rank == 1 ? 1 : 0);
    add(static_cast<double>(rank) / 5);

    if (candidate.expected >= 0) {
      const Recalled& recalled = recalled_[static_cast<std::size_t>(candidate.expected)];
      const double share = std::clamp(recalled.share, 1e-4, 0.9999), match = static_cast<double>(recalled.match);
      add(1);
      add(std::log2(std::max(match, 1.0)));
      add(std::min(match, 32.0) / 8);
      add(std::log(share));
      add(std::log(share / (1 - share)));
      add(recalled.share == most_evidence ? 1 : 0);
      add(log1p(recalled.places));
      add(log1p(static_cast<double>(recalled.distance)) / 3);
      add((match - static_cast<double>(typed)) / 8);
    } else {
      feature += features_of_recalled;
    }

    const std::string_view bare = without_spaces_before(candidate.text);
    const bool goes_on = bare.size() == candidate.text.size() && !bare.empty() && is_word(bare.front());
    const std::string word = std::string(goes_on ? typed_ : std::string_view()).append(bare);
    int occurrences = 0;
    double nearest = nowhere;
    find_whole(before_, word, [&](std::size_t place) {
      ++occurrences;
      nearest = static_cast<double>(before_.size() - place);
    });
    find_whole(after_, word, [&](std::size_t place) {
      ++occurrences;
      nearest = std::min(nearest, static_cast<double>(place));
    });
    add(log1p(std::min(occurrences, most_occurrences)));
    add(std::log(std::max(nearest, 1.0)) / 3);
    add(occurrences == 0 ? 1 : 0);
    add(occurrences == 1 ? 1 : 0);
    add(contains(line_, word) ? 1 : 0);
    add(contains(line_before_, word) ? 1 : 0);
    add(!word.empty() && word == word_before_ ? 1 : 0);

    const double length = static_cast<double>(std::max<std::size_t>(candidate.text.size(), 1));
    add(std::log(length));
    add(candidate.text.size() <= 1 ? 1 : 0);
    add(candidate.text.size() == 2 ? 1 : 0);
    add(length / 10);
    add(!word.empty() && std::isupper(static_cast<unsigned char>(word.front())) != 0 ? 1 : 0);
    add(!word.empty() && is_word(word.back()) ? 1 : 0);
    add(bare.size() < candidate.text.size() ? 1 : 0);

    add(typed == 0 ? 1 : 0);
    add(typed == 1 ? 1 : 0);
    add(typed == 2 ? 1 : 0);
    add(typed > 2 ? 1 : 0);
    add(log1p(static_cast<double>(typed)));
    add(std::log2(1 + longest_match));
    add(longest_match > long_match ? 1 : 0);
    add(behind == '.' || behind == '>' || behind == ':' ? 1 : 0);
    add(behind == '(' || behind == ',' || behind == '[' || behind == '{' ? 1 : 0);
    add(is_space(behind) ? 1 : 0);
    add(behind == '"' || behind == '\'' || behind == '`' ? 1 : 0);
  }
}

}  // namespace catena::app
