#include "app/conversation/dictation.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <tuple>
#include <utility>

namespace catena::app {
namespace {

using Kind = DictationEdit::Kind;

struct Rule {
  std::string_view said;
  Kind kind;
  std::string_view text;
};

constexpr std::array kRules{
    Rule{"comma", Kind::insert, ","},          Rule{"period", Kind::insert, "."},
    Rule{"colon", Kind::insert, ":"},          Rule{"semicolon", Kind::insert, ";"},
    Rule{"full stop", Kind::insert, "."},      Rule{"question mark", Kind::insert, "?"},
    Rule{"exclamation mark", Kind::insert, "!"}, Rule{"new line", Kind::insert, "\n"},
    Rule{"new paragraph", Kind::insert, "\n\n"}, Rule{"undo that", Kind::undo, ""},
    Rule{"stop dictation", Kind::stop, ""},
};

const Rule* rule_for(std::string_view said) {
  const auto* rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& candidate) { return candidate.said == said; });
  return rule == kRules.end() ? nullptr : rule;
}

bool begins_a_rule(std::string_view word) {
  return std::any_of(kRules.begin(), kRules.end(), [&](const Rule& rule) {
    return rule.said.size() > word.size() && rule.said.substr(0, word.size()) == word && rule.said[word.size()] == ' ';
  });
}

void insert(std::string_view text, std::vector<DictationEdit>& edits) {
  if (!edits.empty() && edits.back().kind == Kind::insert)
    edits.back().text += text;  // what is heard at once is undone at once
  else
    edits.push_back({Kind::insert, std::string(text)});
}

}  // namespace

void Dictation::type(const std::string& word, std::vector<DictationEdit>& edits) {
  std::string text = word;
  if (capital_ || text == "i" || text.rfind("i'", 0) == 0) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  if (space_) text.insert(0, 1, ' ');
  insert(text, edits);
  capital_ = false;
  space_ = true;
}

std::vector<DictationEdit> Dictation::hear(const std::vector<std::string>& words, bool ended) {
  std::vector<DictationEdit> edits;
  const auto before = std::pair(capital_, space_);
  for (const std::string& word : words) {
    if (word.empty()) continue;
    const std::string first = std::exchange(waiting_, {});
    const Rule* rule = first.empty() ? nullptr : rule_for(first + " " + word);
    if (rule == nullptr) {
      if (!first.empty()) type(first, edits);
      rule = rule_for(word);
    }
    if (rule == nullptr && begins_a_rule(word)) {
      waiting_ = word;
    } else if (rule == nullptr) {
      type(word, edits);
    } else if (rule->kind == Kind::insert) {
      insert(rule->text, edits);
      space_ = rule->text.front() != '\n';
      capital_ = !space_ || rule->text == "." || rule->text == "?" || rule->text == "!";
    } else if (rule->kind == Kind::undo) {
      edits.push_back({Kind::undo});
      std::tie(capital_, space_) = std::pair(capital_before_, space_before_);
    } else {
      edits.push_back({Kind::stop});
      return edits;
    }
  }
  if (ended && !waiting_.empty()) type(std::exchange(waiting_, {}), edits);
  if (!edits.empty() && edits.back().kind == Kind::insert) std::tie(capital_before_, space_before_) = before;
  return edits;
}

}  // namespace catena::app
