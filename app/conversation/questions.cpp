#include "app/conversation/questions.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <utility>
#include <vector>

#include "model/runtime/memory.h"
#include "model/speech/error_rate.h"

namespace catena::app {
namespace {

// Alternatives between bars; in brackets what may be left out; # is a number. Behind the utterance's courtesies.
constexpr std::array<std::pair<std::string_view, Asked>, 27> kPatterns{{
    {"what did i [just] say", Asked::last_said},
    {"what was the last thing i said", Asked::last_said},
    {"repeat what i [just] said", Asked::last_said},
    {"how long have we been talking|speaking", Asked::how_long},
    {"how long have we talked|spoken", Asked::how_long},
    {"how long did we talk|speak", Asked::how_long},
    {"how much memory do you use|need|have", Asked::memory},
    {"how much memory are you using", Asked::memory},
    {"how fast are you", Asked::speed},
    {"how slow are you", Asked::speed},
    {"what|which file is open", Asked::open_file},
    {"what|which document is open", Asked::open_file},
    {"what is|was the [open] file", Asked::open_file},
    {"what time is it [now]", Asked::time},
    {"what is the time [now]", Asked::time},
    {"what's the time [now]", Asked::time},
    {"tell me the time", Asked::time},
    {"open [a|the] [file]", Asked::open},
    {"save [it|that|this|the] [file|document]", Asked::save},
    {"read it|that|this [to] [me]", Asked::read_aloud},
    {"read the file|document|text [to] [me]", Asked::read_aloud},
    {"read aloud", Asked::read_aloud},
    {"stop [it|that|talking|reading]", Asked::stop},
    {"accept [it|that|the] [suggestion]", Asked::accept},
    {"undo [it|that|this]", Asked::undo},
    {"chunk size|length #", Asked::chunk_length},
    {"set [the] chunk size|length to #", Asked::chunk_length},
}};

constexpr std::array<std::string_view, 9> kCourtesies{"please", "catena", "hey", "ok", "okay",
                                                      "well",   "now",    "and", "so"};

// Powers of two that a chunk can be long, as they are said.
constexpr std::array<std::string_view, 10> kSpokenLengths{"eight",
                                                          "sixteen",
                                                          "thirty two",
                                                          "sixty four",
                                                          "one hundred twenty eight",
                                                          "one hundred and twenty eight",
                                                          "two hundred fifty six",
                                                          "two hundred and fifty six",
                                                          "five hundred twelve",
                                                          "five hundred and twelve"};

/// Words that may be left out are not left out behind these: nobody says "open the".
bool is_cut_short(std::string_view phrase) {
  return phrase.ends_with(" a") || phrase.ends_with(" the") || phrase.ends_with(" to");
}

std::vector<std::string_view> split(std::string_view text, char between) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(between), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// Words of four letters and more may have one wrong. Forgiven ones are counted, so that the exact pattern wins.
bool same_word(std::string_view heard, std::string_view meant, int& forgiven) {
  if (heard == meant) return true;
  if (meant.size() < 4 || model::character_errors(meant, heard).errors > 1) return false;
  ++forgiven;
  return true;
}

bool one_of(std::string_view heard, std::string_view alternatives, int& forgiven) {
  for (const std::string_view meant : split(alternatives, '|')) {
    if (same_word(heard, meant, forgiven)) return true;
  }
  return false;
}

struct Match {
  bool whole = false;
  int forgiven = 0;
  int number = 0;
};

/// Optional words are taken when they are there: no pattern has one that could also be its successor.
Match match(const std::vector<std::string_view>& words, std::string_view pattern) {
  Match result;
  std::size_t at = 0;
  for (std::string_view part : split(pattern, ' ')) {
    if (part == "#") {
      std::string rest;
      for (; at < words.size(); ++at) rest.append(rest.empty() ? "" : " ").append(words[at]);
      const std::optional<int> number = number_of(rest);
      if (!number) return {};
      result.number = *number;
      continue;
    }
    const bool optional = part.front() == '[';
    if (optional) part = part.substr(1, part.size() - 2);
    if (at < words.size() && one_of(words[at], part, result.forgiven)) {
      ++at;
    } else if (!optional) {
      return {};
    }
  }
  result.whole = at == words.size();
  return result;
}

std::string duration(std::int64_t ms) {
  const std::int64_t seconds = ms / 1000, minutes = seconds / 60, hours = minutes / 60;
  const auto counted = [](std::int64_t n, const char* unit) {
    return std::to_string(n) + " " + unit + (n == 1 ? "" : "s");
  };
  if (hours > 0) return counted(hours, "hour") + (minutes % 60 > 0 ? " and " + counted(minutes % 60, "minute") : "");
  if (minutes > 0) return counted(minutes, "minute");
  return counted(seconds, "second");
}

std::string megabytes(std::int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes < 9'950'000 ? "%.1f" : "%.0f", static_cast<double>(bytes) / 1e6);
  return std::string(text) + " megabytes";
}

}  // namespace

std::optional<int> number_of(std::string_view words) {
  constexpr std::array<std::string_view, 20> small{
      "zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
      "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  constexpr std::array<std::string_view, 8> tens{"twenty", "thirty",  "forty",  "fifty",
                                                 "sixty",  "seventy", "eighty", "ninety"};
  int total = 0, forgiven = 0;
  bool any = false;
  for (const std::string_view word : split(words, ' ')) {
    if (word == "and") continue;
    if (word == "hundred" && any) {
      total *= 100;
      continue;
    }
    if (std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; }) && word.size() < 6) {
      total = total * 10 + std::stoi(std::string(word));
      any = true;
      continue;
    }
    int value = -1;
    for (std::size_t i = 0; i < small.size() && value < 0; ++i) value = word == small[i] ? static_cast<int>(i) : -1;
    for (std::size_t i = 0; i < tens.size() && value < 0; ++i)
      value = same_word(word, tens[i], forgiven) ? 10 * static_cast<int>(i + 2) : -1;
    if (value < 0) return std::nullopt;
    total += value;
    any = true;
  }
  return any ? std::optional(total) : std::nullopt;
}

std::vector<std::string> understood_phrases() {
  std::vector<std::string> phrases;
  for (const auto& [pattern, what] : kPatterns) {
    std::vector<std::string> begun{""};
    for (std::string_view part : split(pattern, ' ')) {
      std::vector<std::string_view> choices;
      if (part == "#") {
        choices.assign(kSpokenLengths.begin(), kSpokenLengths.end());
      } else if (part.front() == '[') {
        choices = split(part.substr(1, part.size() - 2), '|');
        choices.emplace_back();  // may be left out
      } else {
        choices = split(part, '|');
      }
      std::vector<std::string> longer;
      for (const std::string& words : begun) {
        for (const std::string_view choice : choices)
          longer.push_back(words + (words.empty() || choice.empty() ? "" : " ") + std::string(choice));
      }
      begun = std::move(longer);
    }
    for (std::string& phrase : begun) {
      if (!is_cut_short(phrase)) phrases.push_back(std::move(phrase));
    }
  }
  return phrases;
}

std::optional<Understood> understand(std::string_view text) {
  std::vector<std::string_view> words = split(text, ' ');
  const auto courtesy = [](std::string_view word) {
    return std::find(kCourtesies.begin(), kCourtesies.end(), word) != kCourtesies.end();
  };
  while (!words.empty() && courtesy(words.front())) words.erase(words.begin());
  while (!words.empty() && courtesy(words.back()) && words.back() != "now") words.pop_back();
  if (words.empty()) return std::nullopt;
  std::optional<Understood> best;
  int fewest = 2;  // more words that are wrong are another utterance
  for (const auto& [pattern, what] : kPatterns) {
    const Match found = match(words, pattern);
    if (!found.whole || found.forgiven >= fewest) continue;
    fewest = found.forgiven;
    best = Understood{what, found.number};
  }
  return best;
}

Facts facts_of_the_moment() {
  Facts facts;
  facts.resident_bytes = static_cast<std::int64_t>(model::resident_bytes());
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  facts.hour = local.tm_hour;
  facts.minute = local.tm_min;
  return facts;
}

std::string answer_to(Asked question, const Facts& facts) {
  switch (question) {
    case Asked::last_said:
      return facts.last_said.empty() ? "You have not said anything before that." : "You said: " + facts.last_said + ".";
    case Asked::how_long:
      return "We have been talking for " + duration(facts.talking_ms) + ".";
    case Asked::memory:
      return "From chunk to chunk I carry " + megabytes(facts.state_bytes) +
             ", however long we talk. The whole program holds " + megabytes(facts.resident_bytes) + ".";
    case Asked::speed: {
      if (facts.chunk_ms <= 0) return "I have not read enough yet to say.";
      char text[96];
      std::snprintf(text, sizeof text, "I read a chunk of sound in %.0f milliseconds.", std::max(1.0, facts.chunk_ms));
      return text;
    }
    case Asked::open_file:
      return facts.open_file.empty() ? "No file is open." : "The open file is " + facts.open_file + ".";
    case Asked::time: {
      char text[64];
      std::snprintf(text, sizeof text, "It is %d:%02d.", facts.hour, facts.minute);
      return text;
    }
    default:
      return {};
  }
}

std::string report_of(const Understood& command, bool done) {
  if (!done)
    return command.what == Asked::chunk_length ? "The chunk length can be 8 to 512." : "That cannot be done here.";
  switch (command.what) {
    case Asked::save:
      return "Saved.";
    case Asked::undo:
      return "Undone.";
    case Asked::accept:
      return "Accepted.";
    case Asked::chunk_length:
      return "The chunk length is " + std::to_string(command.number) + " now.";
    default:
      return {};  // what happens says it
  }
}

}  // namespace catena::app
