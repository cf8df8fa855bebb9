#include "app/suggest/recall.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>

#include "model/text/words.h"

namespace catena::app {
namespace {

using model::is_space;
using model::is_word;
using model::last_word;
using model::next_word;

constexpr std::size_t far_away = recall_back;  // as which another document counts
constexpr std::size_t longest_match = 64;
constexpr std::size_t least_match = 3;  // where nothing of a word is typed
constexpr std::size_t least_part = 2;   // of a compound name
constexpr std::size_t longest_text = 120;
constexpr std::size_t most = 3;  // continuations

// Logistic regression of "its first word was right" at random places of the dev packages' code (docs/measurements.md).
constexpr double bias = -1.34, by_match = 0.35, untyped = -1.32, by_typed = -0.24, by_share = 0.33;

/// A match one byte longer counts twice as much, and a nearer one more than a far one of the same length. Slopes from
/// half to one and a half doublings a byte, and nearness by other laws, were right as often within a percent.
double evidence(std::size_t match, std::size_t distance) {
  return std::exp2(static_cast<double>(std::min<std::size_t>(match, 32))) / (500 + static_cast<double>(distance));
}

std::size_t same_end(std::string_view a, std::string_view b) {
  const std::size_t limit = std::min({a.size(), b.size(), longest_match});
  std::size_t length = 0;
  while (length < limit && a[a.size() - 1 - length] == b[b.size() - 1 - length]) ++length;
  return length;
}

/// Up to the end of the first line that says something, its line end included.
std::string_view line_from(std::string_view text) {
  text = text.substr(0, longest_text);
  bool says_something = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && says_something) return text.substr(0, i + 1);
    says_something = says_something || !is_space(text[i]);
  }
  // Cut: before the word that may go on, and so never inside a character.
  return text.size() < longest_text ? text : text.substr(0, text.size() - last_word(text).size());
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

/// Whether a part of a compound name begins at `at`: the name itself, behind an underscore, or with a capital.
bool begins_part(std::string_view text, std::size_t at) {
  if (at == 0 || !is_word(text[at - 1]) || text[at - 1] == '_') return true;
  return is_upper(text[at]) && !is_upper(text[at - 1]);
}

/// What is typed of a compound name's last part.
std::string_view last_part(std::string_view word) {
  for (std::size_t at = word.size(); at-- > 0;) {
    if (begins_part(word, at)) return word.substr(at);
  }
  return word;
}

struct Group {
  std::string_view text;
  std::size_t match = 0;
  double evidence = 0;
  int places = 0;
  std::size_t distance = far_away;
};

class Search {
 public:
  explicit Search(std::string_view before)
      : before_(before), typed_(last_word(before).size()), part_(last_part(last_word(before))) {}

  /// What follows `place` in `text`, if the text before it ends as the document does before the cursor. `distance`:
  /// bytes between the place and the cursor.
  void look(std::string_view text, std::size_t place, std::size_t distance) {
    const std::string_view there = text.substr(0, place);
    if (there.back() != before_.back()) return;
    std::size_t match = same_end(there, before_);
    const bool inside = match == typed_ && place > match && is_word(text[place - match - 1]);  // of another word
    if (typed_ > 0 && (match < typed_ || inside)) {
      if (!ends_with_part(there)) return;
      match = part_.size();
    } else if (match < least_match && typed_ == 0) {
      return;
    }
    const std::string_view following = line_from(text.substr(place)), word = next_word(following);
    if (word.empty() || (word.size() == following.size() && is_space(word.back()))) return;
    const auto [known, added] = by_word_.try_emplace(word, groups_.size());
    Group& group = added ? groups_.emplace_back() : groups_[known->second];
    if (match > group.match) {
      group.match = match;
      group.text = following;
    }
    group.evidence += evidence(match, distance);
    group.places += 1;
    group.distance = std::min(group.distance, distance);
  }

  std::vector<Recalled> best() {
    double total = 0;
    for (const Group& group : groups_) total += group.evidence;
    std::stable_sort(groups_.begin(), groups_.end(),
                     [](const Group& a, const Group& b) { return a.evidence > b.evidence; });
    std::vector<Recalled> result;
    for (const Group& group : std::span(groups_).first(std::min(most, groups_.size()))) {
      result.push_back({std::string(group.text), group.match, group.evidence / total, group.places, group.distance});
    }
    return result;
  }

 private:
  /// Names share their parts: "closeConn" goes on as "openConnection" does, and "new Conn" as "connection".
  bool ends_with_part(std::string_view there) const {
    if (part_.size() < least_part || there.size() < part_.size()) return false;
    const std::size_t begin = there.size() - part_.size();
    return there.substr(begin + 1) == part_.substr(1) && lower(there[begin]) == lower(part_[0]) &&
           begins_part(there, begin);
  }

  std::string_view before_;
  std::size_t typed_;
  std::string_view part_;
  std::vector<Group> groups_;
  std::unordered_map<std::string_view, std::size_t> by_word_;
};

}  // namespace

std::vector<Recalled> recall(std::string_view before, std::string_view after,
                             std::span<const std::string_view> elsewhere) {
  if (before.size() > recall_back) before.remove_prefix(before.size() - recall_back);
  after = after.substr(0, recall_ahead);
  if (before.size() < 2) return {};
  Search search(before);
  for (std::size_t place = before.size() - 1; place > 0; --place) search.look(before, place, before.size() - place);
  for (std::size_t place = 1; place < after.size(); ++place) search.look(after, place, place);
  for (const std::string_view text : elsewhere) {
    for (std::size_t place = 1; place < text.size(); ++place) search.look(text, place, far_away);
  }
  return search.best();
}

double recall_probability(const Recalled& recalled, std::size_t typed) {
  const double share = std::clamp(recalled.share, 0.001, 0.999);
  const double score = bias + by_match * std::log2(static_cast<double>(recalled.match)) + (typed == 0 ? untyped : 0) +
                       by_typed * std::log2(1 + static_cast<double>(typed)) + by_share * std::log(share / (1 - share));
  return 1 / (1 + std::exp(-score));
}

std::vector<model::ExpectedText> expected_texts(std::span<const Recalled> recalled, std::size_t typed) {
  std::vector<model::ExpectedText> texts;
  for (const Recalled& one : recalled) texts.push_back({one.text, recall_probability(one, typed)});
  return texts;
}

}  // namespace catena::app
