// catena_words: texts and other models -> the word model of a reader of speech.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "model/speech/ngram_estimator.h"
#include "model/speech/ngram_mixture.h"

namespace {

using namespace catena::model;

struct Source {
  std::string file;
  double share = 1;
  bool is_arpa() const { return file.ends_with(".arpa"); }
};

/// FILE or FILE:SHARE
Source source_of(const std::string& argument) {
  const std::size_t colon = argument.rfind(':');
  if (colon == std::string::npos || colon + 1 == argument.size() ||
      argument.find_first_not_of("0123456789.", colon + 1) != std::string::npos)
    return {argument};
  return {argument.substr(0, colon), std::stod(argument.substr(colon + 1))};
}

std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

using Counts = std::map<std::string, int, std::less<>>;

Counts count_words(const std::string& file) {
  Counts counts;
  const std::string all = contents(file);
  for (std::string_view left = all; !left.empty();) {
    const std::size_t end = std::min(left.find_first_of(" \n"), left.size());
    const std::string_view word = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    if (word.empty() || word.find_first_not_of("abcdefghijklmnopqrstuvwxyz'") != std::string_view::npos) continue;
    auto found = counts.find(word);
    if (found == counts.end()) found = counts.emplace(word, 0).first;
    ++found->second;
  }
  return counts;
}

/// The likeliest words of all sources together; of texts only those that stand in them at least `least` times.
std::vector<std::string> vocabulary_of(const std::vector<Source>& sources, std::size_t most, int least) {
  std::map<std::string, double, std::less<>> likelihoods;
  Counts in_texts;
  for (const Source& source : sources) {
    if (source.is_arpa()) {
      for (const auto& [word, p] : arpa_words(source.file)) likelihoods[word] += source.share * p;
      continue;
    }
    const Counts counts = count_words(source.file);
    double total = 0;
    for (const auto& [word, count] : counts) total += count;
    for (const auto& [word, count] : counts) {
      in_texts[word] += count;
      likelihoods[word] += source.share * count / total;
    }
  }
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [word, p] : likelihoods) {
    const auto count = in_texts.find(word);
    if (count == in_texts.end() || count->second >= least) order.emplace_back(-p, word);
  }
  std::sort(order.begin(), order.end());
  order.resize(std::min(order.size(), most));
  std::vector<std::string> words;
  for (auto& [p, word] : order) words.push_back(std::move(word));
  std::sort(words.begin(), words.end());
  return words;
}

NgramTables tables_of(const Source& source, const std::vector<std::string>& vocabulary) {
  if (source.is_arpa()) return read_arpa(source.file, vocabulary);
  NgramEstimator estimator(vocabulary);
  estimator.add(contents(source.file));
  return estimator.estimate(1, 1);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program(
      "Texts of lower-case words, separated by spaces, and trigram models -> a word model: each by itself, then their "
      "mixture");
  std::string out, list;
  std::vector<std::string> arguments;
  std::size_t most = 60'000;
  int least = 4;
  double least_gain = 1e-7;
  program.add_option("OUT", out, "File to write")->required();
  program
      .add_option(
          "SOURCE", arguments,
          "TEXT or MODEL.arpa, and :SHARE for its part of the likelihood, 1 without; all parts are made to add up to 1")
      ->required();
  program.add_option("--vocabulary", most, "Words at most")->check(CLI::Range(1, 65534))->capture_default_str();
  program.add_option("--least-word", least, "Words that the texts have less often are unknown")->capture_default_str();
  program.add_option("--least-gain", least_gain, "n-grams that gain less, in nats a word, are left out")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  program.add_option("--list", list, "Writes the vocabulary, a word a line, which pronunciations are needed for");
  CLI11_PARSE(program, argc, argv);
  try {
    std::vector<Source> sources;
    double sum = 0;
    for (const std::string& argument : arguments) sum += sources.emplace_back(source_of(argument)).share;
    if (!(sum > 0)) throw std::runtime_error("the shares add up to nothing");
    for (Source& source : sources) source.share /= sum;
    const std::vector<std::string> vocabulary = vocabulary_of(sources, most, least);
    std::vector<MixturePart> parts;
    for (const Source& source : sources) parts.push_back({tables_of(source, vocabulary), source.share});
    const NgramTables tables = mix(parts, least_gain);
    tables.save(out);
    if (!list.empty()) {
      std::ofstream words(list);
      for (const std::string& word : tables.words) words << word << '\n';
      if (!words.flush()) throw std::runtime_error(list + ": cannot be written");
    }
    std::printf("%zu words, %zu bigrams, %zu trigrams\n", tables.words.size(), tables.bigram.size(),
                tables.trigram.size());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "catena_words: %s\n", error.what());
    return 1;
  }
}
