#include "model/speech/ngram_estimator.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace catena::model {
namespace {

using Id = std::uint32_t;
constexpr int kBits = 20;
constexpr Id kMask = (1U << kBits) - 1, kNone = kMask;  // kNone: nothing stands there

std::uint64_t key(Id a, Id b, Id c) { return std::uint64_t{a} << (2 * kBits) | std::uint64_t{b} << kBits | c; }

struct Counted {
  std::uint64_t key;
  std::uint32_t count;
  Id first() const { return static_cast<Id>(key >> (2 * kBits)); }
  Id second() const { return static_cast<Id>(key >> kBits) & kMask; }
  Id third() const { return static_cast<Id>(key) & kMask; }
};

/// Sorts, and counts equal ones.
std::vector<Counted> counted(std::vector<std::uint64_t> keys) {
  std::sort(keys.begin(), keys.end());
  std::vector<Counted> result;
  for (const std::uint64_t each : keys) {
    if (result.empty() || result.back().key != each) result.push_back({each, 0});
    ++result.back().count;
  }
  return result;
}

/// Absolute discount from how many n-grams were counted once and twice (Ney, Essen, Kneser 1994).
double discount_of(const std::vector<Counted>& ngrams) {
  double once = 1, twice = 1;
  for (const Counted& each : ngrams) {
    once += each.count == 1 ? 1 : 0;
    twice += each.count == 2 ? 1 : 0;
  }
  return once / (once + 2 * twice);
}

/// One context's n-grams.
struct Context {
  std::size_t begin, end;
  double total = 0;
};
Context context_at(const std::vector<Counted>& ngrams, std::size_t begin) {
  Context context{begin, begin, 0};
  const std::uint64_t history = ngrams[begin].key >> kBits;
  for (; context.end < ngrams.size() && ngrams[context.end].key >> kBits == history; ++context.end)
    context.total += ngrams[context.end].count;
  return context;
}

/// By what the shorter context's likelihoods are multiplied where this one has nothing: so that all add up to one.
double backoff(double kept, double kept_by_shorter) {
  return std::max(1 - kept, 1e-9) / std::max(1 - kept_by_shorter, 1e-9);
}

}  // namespace

NgramEstimator::NgramEstimator(std::vector<std::string> vocabulary) : words_(std::move(vocabulary)) {
  std::sort(words_.begin(), words_.end());
  words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
  if (words_.size() > 65534)
    throw std::invalid_argument("a vocabulary of " + std::to_string(words_.size()) +
                                " words, at most 65534 are possible");
  for (std::size_t i = 0; i < words_.size(); ++i) ids_.emplace(words_[i], static_cast<Id>(i));
}

void NgramEstimator::add(std::string_view text) {
  Id before = kNone, last = kNone;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \n\t\r", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.size(), text.find_first_of(" \n\t\r", at));
    const std::string_view word = text.substr(at, end - at);
    at = end;
    if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyz'") != std::string_view::npos) {
      before = last = kNone;
      continue;
    }
    const auto found = ids_.find(word);
    const Id unknown = static_cast<Id>(words_.size()), id = found == ids_.end() ? unknown : found->second;
    trigrams_.push_back(key(before, last, id));
    before = last;
    last = id;
    if (id == unknown) before = last = kNone;
  }
}

NgramTables NgramEstimator::estimate(std::uint32_t least_bigram, std::uint32_t least_trigram) {
  const Id unknown = static_cast<Id>(words_.size());
  const std::vector<Counted> trigrams = counted(std::move(trigrams_));
  trigrams_.clear();
  // Shorter n-grams are counted by how many different words stand before them.
  std::vector<std::uint64_t> keys;
  for (const Counted& each : trigrams) keys.push_back(key(0, each.second(), each.third()));
  const std::vector<Counted> bigrams = counted(std::move(keys));
  keys.clear();
  for (const Counted& each : bigrams) keys.push_back(each.third());
  const std::vector<Counted> unigrams = counted(std::move(keys));

  NgramTables tables;
  tables.words = words_;
  const double everything = static_cast<double>(unknown) + 1;
  std::vector<double> p1(unknown + 1U, 0.0);
  {
    const double discount = discount_of(unigrams);
    double total = 0;
    for (const Counted& each : unigrams) total += each.count;
    const double left = discount * static_cast<double>(unigrams.size()) / std::max(total, 1.0);
    for (double& p : p1) p = (total == 0 ? 1 : left) / everything;
    for (const Counted& each : unigrams) p1[each.third()] += (each.count - discount) / total;
  }
  for (const double p : p1) tables.unigram.push_back(likelihood_byte(std::log(p)));

  // Which bigrams are kept: counted often enough, or the beginning of a kept trigram.
  const auto is_kept = [&](const Counted& each) {
    return each.count >= least_trigram && each.first() < unknown && each.second() < unknown && each.third() < unknown;
  };
  std::vector<std::uint64_t> prefixes;
  for (const Counted& each : trigrams) {
    if (is_kept(each) && (prefixes.empty() || prefixes.back() != each.key >> kBits))
      prefixes.push_back(each.key >> kBits);
  }
  const double discount2 = discount_of(bigrams);
  std::vector<double> p2;                                                                 // of the kept bigrams
  std::vector<double> backoff1(unknown, 1.0), left2(unknown, 1.0), total2(unknown, 0.0);  // of each first word
  tables.bigrams_of.assign(unknown + 1U, 0);
  for (std::size_t begin = 0; begin < bigrams.size();) {
    const Context context = context_at(bigrams, begin);
    const Id first = bigrams[begin].second();
    if (first < unknown) {
      const double left = discount2 * static_cast<double>(context.end - context.begin) / context.total;
      double kept = 0, kept_lower = 0;
      for (std::size_t i = context.begin; i < context.end; ++i) {
        const Id word = bigrams[i].third();
        if (word == unknown) continue;
        if (bigrams[i].count < least_bigram && !std::binary_search(prefixes.begin(), prefixes.end(), bigrams[i].key))
          continue;
        const double p = (bigrams[i].count - discount2) / context.total + left * p1[word];
        tables.bigram_word.push_back(static_cast<WordId>(word));
        tables.bigram.push_back(likelihood_byte(std::log(p)));
        p2.push_back(p);
        kept += p;
        kept_lower += p1[word];
      }
      tables.bigrams_of[first + 1U] = static_cast<std::uint32_t>(p2.size());
      backoff1[first] = backoff(kept, kept_lower);
      left2[first] = left;
      total2[first] = context.total;
    }
    begin = context.end;
  }
  for (std::size_t i = 1; i < tables.bigrams_of.size(); ++i)
    tables.bigrams_of[i] = std::max(tables.bigrams_of[i], tables.bigrams_of[i - 1]);
  for (const double p : backoff1) tables.unigram_backoff.push_back(likelihood_byte(std::log(p)));

  // p of a bigram: by its counts, which trigrams build on, and by the tables as they are kept.
  const auto exact2 = [&](Id first, Id word) {
    const auto found = std::lower_bound(bigrams.begin(), bigrams.end(), key(0, first, word),
                                        [](const Counted& a, std::uint64_t k) { return a.key < k; });
    const double count = found != bigrams.end() && found->key == key(0, first, word) ? found->count : 0;
    return (total2[first] == 0 ? 0 : std::max(count - discount2, 0.0) / total2[first]) + left2[first] * p1[word];
  };
  const auto kept2 = [&](Id first, Id word) {
    const std::uint32_t at = find_bigram(tables, static_cast<WordId>(first), static_cast<WordId>(word));
    return at == no_ngram ? backoff1[first] * p1[word] : p2[at];
  };

  const double discount3 = discount_of(trigrams);
  tables.trigrams_of.assign(p2.size() + 1, 0);
  tables.bigram_backoff.assign(p2.size(), 0);
  for (std::size_t begin = 0; begin < trigrams.size();) {
    const Context context = context_at(trigrams, begin);
    const Id first = trigrams[begin].first(), second = trigrams[begin].second();
    const std::uint32_t parent = first < unknown && second < unknown
                                     ? find_bigram(tables, static_cast<WordId>(first), static_cast<WordId>(second))
                                     : no_ngram;
    if (parent != no_ngram) {
      const double left = discount3 * static_cast<double>(context.end - context.begin) / context.total;
      double kept = 0, kept_lower = 0;
      for (std::size_t i = context.begin; i < context.end; ++i) {
        if (!is_kept(trigrams[i])) continue;
        const Id word = trigrams[i].third();
        const double p = (trigrams[i].count - discount3) / context.total + left * exact2(second, word);
        tables.trigram_word.push_back(static_cast<WordId>(word));
        tables.trigram.push_back(likelihood_byte(std::log(p)));
        kept += p;
        kept_lower += kept2(second, word);
      }
      tables.trigrams_of[parent + 1] = static_cast<std::uint32_t>(tables.trigram_word.size());
      if (kept > 0) tables.bigram_backoff[parent] = likelihood_byte(std::log(backoff(kept, kept_lower)));
    }
    begin = context.end;
  }
  for (std::size_t i = 1; i < tables.trigrams_of.size(); ++i)
    tables.trigrams_of[i] = std::max(tables.trigrams_of[i], tables.trigrams_of[i - 1]);
  return tables;
}

}  // namespace catena::model
