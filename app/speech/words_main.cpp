// catena_words: texts -> the word model of a reader of speech.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "model/speech/ngram_estimator.h"

namespace {

struct Text {
  std::string file;
  int times = 1;
};

/// FILE or FILE:TIMES
Text text_of(const std::string& argument) {
  const std::size_t colon = argument.rfind(':');
  if (colon == std::string::npos || argument.find_first_not_of("0123456789", colon + 1) != std::string::npos || colon + 1 == argument.size()) return {argument};
  return {argument.substr(0, colon), std::stoi(argument.substr(colon + 1))};
}

std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The words that stand in the texts most often, at least `least` times.
std::vector<std::string> vocabulary_of(const std::vector<Text>& texts, std::size_t most, int least) {
  std::map<std::string, int, std::less<>> counts;
  for (const Text& text : texts) {
    const std::string all = contents(text.file);
    std::string_view left = all;
    while (!left.empty()) {
      const std::size_t end = std::min(left.find_first_of(" \n"), left.size());
      const std::string_view word = left.substr(0, end);
      left.remove_prefix(std::min(end + 1, left.size()));
      if (word.empty() || word.find_first_not_of("abcdefghijklmnopqrstuvwxyz'") != std::string_view::npos) continue;
      auto found = counts.find(word);
      if (found == counts.end()) found = counts.emplace(word, 0).first;
      found->second += text.times;
    }
  }
  std::vector<std::pair<int, std::string>> order;
  for (auto& [word, count] : counts) {
    if (count >= least) order.emplace_back(-count, word);
  }
  std::sort(order.begin(), order.end());
  order.resize(std::min(order.size(), most));
  std::vector<std::string> words;
  for (auto& [count, word] : order) words.push_back(std::move(word));
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Texts of lower-case words, separated by spaces -> a word model");
  std::string out;
  std::vector<std::string> arguments;
  std::size_t most = 50'000;
  int least = 3;
  std::uint32_t least_bigram = 2, least_trigram = 3;
  program.add_option("OUT", out, "File to write")->required();
  program.add_option("TEXT", arguments, "FILE, or FILE:TIMES when it counts more")->required();
  program.add_option("--vocabulary", most, "Words at most")->check(CLI::Range(1, 65534))->capture_default_str();
  program.add_option("--least-word", least, "Words that are counted less often are unknown")->capture_default_str();
  program.add_option("--least-bigram", least_bigram, "Bigrams behind fewer different words are left out")->capture_default_str();
  program.add_option("--least-trigram", least_trigram, "Trigrams counted less often are left out")->capture_default_str();
  CLI11_PARSE(program, argc, argv);
  try {
    std::vector<Text> texts;
    for (const std::string& argument : arguments) texts.push_back(text_of(argument));
    catena::model::NgramEstimator estimator(vocabulary_of(texts, most, least));
    for (const Text& text : texts) estimator.add(contents(text.file), text.times);
    const catena::model::NgramTables tables = estimator.estimate(least_bigram, least_trigram);
    tables.save(out);
    std::printf("%zu words, %zu bigrams, %zu trigrams\n", tables.words.size(), tables.bigram.size(), tables.trigram.size());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "catena_words: %s\n", error.what());
    return 1;
  }
}
