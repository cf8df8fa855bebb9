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
  bool alone = false;  // only where nothing else is said: it is a common word

  DictationEdit edit() const { return {kind, std::string(text)}; }
};

constexpr std::array kRules{
    Rule{"comma", Kind::insert, ","},          Rule{"period", Kind::insert, "."},
    Rule{"colon", Kind::insert, ":"},          Rule{"semicolon", Kind::insert, ";"},
    Rule{"full stop", Kind::insert, "."},      Rule{"question mark", Kind::insert, "?"},
    Rule{"exclamation mark", Kind::insert, "!"}, Rule{"new line", Kind::insert, "\n"},
    Rule{"new paragraph", Kind::insert, "\n\n"}, Rule{"undo that", Kind::undo, ""},
    Rule{"accept that", Kind::accept, ""},     Rule{"accept", Kind::accept, "", true},
    Rule{"stop dictation", Kind::stop, ""},    Rule{"stop", Kind::stop, "", true},
};

const Rule* rule_for(std::string_view said, bool alone = false) {
  const auto* rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& candidate) {
    return candidate.said == said && (alone || !candidate.alone);
  });
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
  if (now_.capital || text == "i" || text.rfind("i'", 0) == 0)
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  if (now_.space) text.insert(0, 1, ' ');
  insert(text, edits);
  now_ = {false, true};
}

void Dictation::obey(const DictationEdit& command, std::vector<DictationEdit>& edits) {
  if (command.kind == Kind::insert) {
    insert(command.text, edits);
    now_.space = command.text.front() != '\n';
    now_.capital = !now_.space || command.text == "." || command.text == "?" || command.text == "!";
    return;
  }
  edits.push_back(command);
  if (command.kind == Kind::undo) now_ = before_;
}

void Dictation::read(const std::vector<std::string>& words, bool ended, std::vector<DictationEdit>& edits) {
  const Typing before = now_;
  const auto stopped = [&] { return !edits.empty() && edits.back().kind == Kind::stop; };
  for (const std::string& word : words) {
    if (word.empty()) continue;
    ++words_;
    const std::string first = std::exchange(waiting_, {});
    const Rule* rule = first.empty() ? nullptr : rule_for(first + " " + word);
    if (rule == nullptr) {
      if (!first.empty()) type(first, edits);
      rule = rule_for(word);
    }
    if (rule != nullptr)
      obey(rule->edit(), edits);
    else if (begins_a_rule(word))
      waiting_ = word;
    else
      type(word, edits);
    if (stopped()) return;
  }
  if (ended && !waiting_.empty()) {
    const std::string last = std::exchange(waiting_, {});
    if (const Rule* rule = words_ == 1 ? rule_for(last, true) : nullptr)
      obey(rule->edit(), edits);
    else
      type(last, edits);
  }
  if (!edits.empty() && edits.back().kind == Kind::insert) before_ = before;
}

std::vector<DictationEdit> Dictation::hear(const std::vector<std::string>& words, bool ended,
                                           const std::string& phrase) {
  std::vector<DictationEdit> edits;
  const Rule* meant = ended ? rule_for(phrase, true) : nullptr;
  // What is about to be taken back need not be typed first.
  if (meant == nullptr || words_ == 0) read(words, ended, edits);
  if (meant != nullptr && !(done_.empty() && edits == std::vector{meant->edit()})) {
    edits.clear();
    for (const DictationEdit& edit : done_) {
      if (edit.kind == Kind::insert) edits.push_back({Kind::undo});
    }
    now_ = utterance_;
    before_ = utterance_before_;
    waiting_.clear();
    obey(meant->edit(), edits);
    if (meant->kind == Kind::insert) before_ = utterance_;
  }
  done_.insert(done_.end(), edits.begin(), edits.end());
  if (ended) {
    done_.clear();
    words_ = 0;
    utterance_ = now_;
    utterance_before_ = before_;
  }
  return edits;
}

std::vector<std::string> Dictation::phrases() {
  std::vector<std::string> phrases;
  for (const Rule& rule : kRules) phrases.emplace_back(rule.said);
  return phrases;
}

}  // namespace catena::app
