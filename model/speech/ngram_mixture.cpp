#include "model/speech/ngram_mixture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace catena::model {
namespace {

constexpr double kLn10 = 2.302585092994046;
constexpr double kNoNumber = 1e9;

/// An n-gram of an ARPA file.
struct Line {
  double log10_p = 0, log10_backoff = 0;
  std::array<std::string_view, 3> words;
};

double number_of(std::string_view text) {
  double value = kNoNumber;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : kNoNumber;
}

/// use(order, line) for every n-gram.
template <typename Use>
void read_lines(const std::filesystem::path& path, const Use& use) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path.string() + ": cannot be read");
  std::size_t order = 0, number = 0;
  for (std::string text; std::getline(file, text);) {
    ++number;
    if (text.starts_with("\\")) {
      order = text.ends_with("-grams:") && text.size() == 9 ? static_cast<std::size_t>(text[1] - '0') : 0;
      if (order > 3)
        throw std::runtime_error(path.string() + ":" + std::to_string(number) + ": trigrams at most are expected");
      continue;
    }
    if (order == 0 || text.empty()) continue;
    std::array<std::string_view, 5> fields;
    std::size_t count = 0;
    for (std::string_view left(text); !left.empty() && count < fields.size();) {
      const std::size_t end = std::min(left.find_first_of(" \t"), left.size());
      if (end > 0) fields[count++] = left.substr(0, end);
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    Line line{
        number_of(fields[0]), count > order + 1 ? number_of(fields[order + 1]) : 0, {fields[1], fields[2], fields[3]}};
    if (count < order + 1 || line.log10_p == kNoNumber || line.log10_backoff == kNoNumber) {
      throw std::runtime_error(path.string() + ":" + std::to_string(number) + ": a likelihood, " +
                               std::to_string(order) + " words and a back-off weight are expected");
    }
    use(order, line);
  }
  if (number == 0) throw std::runtime_error(path.string() + ": is empty");
}

bool is_spoken(std::string_view word) {
  return word.find_first_not_of("abcdefghijklmnopqrstuvwxyz'") == std::string_view::npos;
}

using Key = std::uint64_t;
Key key(std::uint32_t a, std::uint32_t b, std::uint32_t c) { return Key{a} << 32 | Key{b} << 16 | c; }
WordId part(Key key, int which) { return static_cast<WordId>(key >> (16 * (2 - which))); }

struct Entry {
  Key key;
  double log_p = 0, log_backoff = 0;
};
bool before(const Entry& a, const Entry& b) { return a.key < b.key; }

/// Entries sorted by key into the tables; a trigram without its bigram is left out.
void fill(NgramTables& tables, const std::vector<Entry>& bigrams, const std::vector<Entry>& trigrams) {
  const std::size_t v = tables.words.size();
  tables.bigrams_of.assign(v + 1, 0);
  for (const Entry& each : bigrams) {
    tables.bigram_word.push_back(part(each.key, 2));
    tables.bigram.push_back(likelihood_byte(each.log_p));
    tables.bigram_backoff.push_back(likelihood_byte(each.log_backoff));
    tables.bigrams_of[part(each.key, 1) + 1U] = static_cast<std::uint32_t>(tables.bigram.size());
  }
  for (std::size_t i = 1; i <= v; ++i) tables.bigrams_of[i] = std::max(tables.bigrams_of[i], tables.bigrams_of[i - 1]);
  tables.trigrams_of.assign(bigrams.size() + 1, 0);
  for (const Entry& each : trigrams) {
    const std::uint32_t parent = find_bigram(tables, part(each.key, 0), part(each.key, 1));
    if (parent == no_ngram) continue;
    tables.trigram_word.push_back(part(each.key, 2));
    tables.trigram.push_back(likelihood_byte(each.log_p));
    tables.trigrams_of[parent + 1] = static_cast<std::uint32_t>(tables.trigram.size());
  }
  for (std::size_t i = 1; i < tables.trigrams_of.size(); ++i)
    tables.trigrams_of[i] = std::max(tables.trigrams_of[i], tables.trigrams_of[i - 1]);
}

std::vector<Key> bigram_keys(const NgramTables& tables) {
  std::vector<Key> keys;
  for (std::uint32_t first = 0; first < tables.words.size(); ++first) {
    for (std::uint32_t i = tables.bigrams_of[first]; i < tables.bigrams_of[first + 1]; ++i)
      keys.push_back(key(0, first, tables.bigram_word[i]));
  }
  return keys;
}

std::vector<Key> trigram_keys(const NgramTables& tables) {
  std::vector<Key> keys;
  for (std::uint32_t first = 0; first < tables.words.size(); ++first) {
    for (std::uint32_t i = tables.bigrams_of[first]; i < tables.bigrams_of[first + 1]; ++i) {
      for (std::uint32_t j = tables.trigrams_of[i]; j < tables.trigrams_of[i + 1]; ++j)
        keys.push_back(key(first, tables.bigram_word[i], tables.trigram_word[j]));
    }
  }
  return keys;
}

std::vector<Key> either(const std::vector<Key>& a, const std::vector<Key>& b) {
  std::vector<Key> result;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

/// ln of what the shorter context's likelihoods are multiplied by where this one has nothing.
double log_backoff(double kept, double kept_by_shorter) {
  return std::log(std::max(1 - kept, 1e-9) / std::max(1 - kept_by_shorter, 1e-9));
}

class Mixture {
 public:
  explicit Mixture(std::span<const MixturePart> parts) : parts_(parts) {}

  double operator()(std::optional<WordId> before, std::optional<WordId> last, WordId word) const {
    double p = 0;
    for (const MixturePart& part : parts_) p += part.share * std::exp(log_likelihood(part.tables, before, last, word));
    return p;
  }
  double unknown() const {
    double p = 0;
    for (const MixturePart& part : parts_) p += part.share * std::exp(likelihood_of(part.tables.unigram.back()));
    return p;
  }
  /// Of all parts, sorted.
  template <typename KeysOf>
  std::vector<Key> keys(const KeysOf& keys_of) const {
    std::vector<Key> all;
    for (const MixturePart& part : parts_) all = either(all, keys_of(part.tables));
    return all;
  }

 private:
  std::span<const MixturePart> parts_;
};

}  // namespace

std::map<std::string, double, std::less<>> arpa_words(const std::filesystem::path& path) {
  std::map<std::string, double, std::less<>> words;
  read_lines(path, [&](std::size_t order, const Line& line) {
    if (order == 1 && is_spoken(line.words[0])) words.emplace(line.words[0], std::exp(line.log10_p * kLn10));
  });
  return words;
}

NgramTables read_arpa(const std::filesystem::path& path, const std::vector<std::string>& vocabulary) {
  NgramTables tables;
  tables.words = vocabulary;
  tables.unigram.assign(vocabulary.size() + 1, 255);
  tables.unigram_backoff.assign(vocabulary.size(), 0);
  std::vector<Entry> bigrams, trigrams;
  read_lines(path, [&](std::size_t order, const Line& line) {
    std::array<std::uint32_t, 3> ids{};
    for (std::size_t i = 0; i < order; ++i) {
      ids[i] = find_word(tables, line.words[i]);
      if (ids[i] == no_ngram) return;
    }
    const double log_p = line.log10_p * kLn10, log_b = line.log10_backoff * kLn10;
    if (order == 1) {
      tables.unigram[ids[0]] = likelihood_byte(log_p);
      tables.unigram_backoff[ids[0]] = likelihood_byte(log_b);
    } else if (order == 2) {
      bigrams.push_back({key(0, ids[0], ids[1]), log_p, log_b});
    } else {
      trigrams.push_back({key(ids[0], ids[1], ids[2]), log_p, 0});
    }
  });
  std::sort(bigrams.begin(), bigrams.end(), before);
  std::sort(trigrams.begin(), trigrams.end(), before);
  fill(tables, bigrams, trigrams);
  return tables;
}

NgramTables mix(std::span<const MixturePart> parts, double least_gain) {
  const auto other_words = [&](const MixturePart& part) { return part.tables.words != parts.front().tables.words; };
  if (parts.empty() || std::any_of(parts.begin(), parts.end(), other_words))
    throw std::invalid_argument("only word models of the same words can be mixed");
  const Mixture p(parts);
  NgramTables tables;
  tables.words = parts.front().tables.words;
  for (std::size_t w = 0; w < tables.words.size(); ++w)
    tables.unigram.push_back(likelihood_byte(std::log(p({}, {}, static_cast<WordId>(w)))));
  tables.unigram.push_back(likelihood_byte(std::log(p.unknown())));

  const auto gain = [](double context, double own, double shorter) {
    return context * own * std::abs(std::log(own / shorter));
  };
  std::vector<Entry> trigrams;
  std::vector<Key> prefixes;  // bigrams that stay for their trigrams
  for (const Key each : p.keys(trigram_keys)) {
    const WordId first = part(each, 0), second = part(each, 1), third = part(each, 2);
    const double own = p(first, second, third), context = p({}, {}, first) * p({}, first, second);
    if (gain(context, own, p({}, second, third)) < least_gain) continue;
    trigrams.push_back({each, std::log(own), 0});
    if (prefixes.empty() || prefixes.back() != each >> 16) prefixes.push_back(each >> 16);
  }
  std::vector<Entry> bigrams;
  for (const Key each : either(p.keys(bigram_keys), prefixes)) {
    const WordId first = part(each, 1), second = part(each, 2);
    const double own = p({}, first, second);
    if (gain(p({}, {}, first), own, p({}, {}, second)) < least_gain &&
        !std::binary_search(prefixes.begin(), prefixes.end(), each))
      continue;
    bigrams.push_back({each, std::log(own), 0});
  }

  // What the kept ones leave goes to the shorter contexts.
  tables.unigram_backoff.assign(tables.words.size(), 0);
  for (std::size_t begin = 0; begin < bigrams.size();) {
    const WordId first = part(bigrams[begin].key, 1);
    double kept = 0, shorter = 0;
    for (; begin < bigrams.size() && part(bigrams[begin].key, 1) == first; ++begin) {
      kept += std::exp(bigrams[begin].log_p);
      shorter += p({}, {}, part(bigrams[begin].key, 2));
    }
    tables.unigram_backoff[first] = likelihood_byte(log_backoff(kept, shorter));
  }
  fill(tables, bigrams, {});
  for (std::size_t begin = 0; begin < trigrams.size();) {
    const Key context = trigrams[begin].key >> 16;
    double kept = 0, shorter = 0;
    for (; begin < trigrams.size() && trigrams[begin].key >> 16 == context; ++begin) {
      kept += std::exp(trigrams[begin].log_p);
      shorter += std::exp(log_likelihood(tables, {}, part(context, 2), part(trigrams[begin].key, 2)));
    }
    const auto parent = std::lower_bound(bigrams.begin(), bigrams.end(), Entry{context}, before);
    parent->log_backoff = log_backoff(kept, shorter);
  }
  tables.bigram_word.clear();
  tables.bigram.clear();
  tables.bigram_backoff.clear();
  fill(tables, bigrams, trigrams);
  return tables;
}

}  // namespace catena::model
