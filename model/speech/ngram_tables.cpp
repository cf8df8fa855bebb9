#include "model/speech/ngram_tables.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>

#include "model/runtime/atomic_file.h"

namespace catena::model {
namespace {

constexpr std::string_view kMagic = "catena words 1\n";
constexpr double kStepsANat = 12;

template <typename T>
void put(std::ostream& out, std::span<const T> values) {
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
}

/// How many belong to each, from where those of each begin.
template <typename Count>
std::vector<Count> counts_of(const std::vector<std::uint32_t>& begins) {
  std::vector<Count> counts(begins.size() - 1);
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = static_cast<Count>(begins[i + 1] - begins[i]);
  return counts;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  std::string_view take(std::size_t bytes) {
    if (bytes > left_.size()) throw std::runtime_error("ends too early");
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }
  template <typename T>
  std::vector<T> numbers(std::size_t count) {
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), take(count * sizeof(T)).data(), count * sizeof(T));
    return values;
  }
  bool at_end() const { return left_.empty(); }

 private:
  std::string_view left_;
};

template <typename Count>
std::vector<std::uint32_t> begins_of(const std::vector<Count>& counts, std::size_t total) {
  std::vector<std::uint32_t> begins{0};
  for (const Count count : counts) begins.push_back(begins.back() + count);
  if (begins.back() != total) throw std::runtime_error("its counts do not add up");
  return begins;
}

std::uint32_t find(std::span<const WordId> words, std::uint32_t begin, std::uint32_t end, WordId word) {
  const auto first = words.begin() + begin, last = words.begin() + end, found = std::lower_bound(first, last, word);
  return found != last && *found == word ? static_cast<std::uint32_t>(found - words.begin()) : no_ngram;
}

NgramTables parse(std::string_view bytes) {
  Reader in(bytes);
  if (in.take(kMagic.size()) != kMagic) throw std::runtime_error("is no word model of this version");
  const auto sizes = in.numbers<std::uint32_t>(4);
  const std::size_t v = sizes[0], b = sizes[1], t = sizes[2];
  NgramTables tables;
  std::string_view letters = in.take(sizes[3]);
  for (std::size_t end; (end = letters.find('\n')) != std::string_view::npos; letters.remove_prefix(end + 1))
    tables.words.emplace_back(letters.substr(0, end));
  if (tables.words.size() != v || v > 65534 || !letters.empty() ||
      !std::is_sorted(tables.words.begin(), tables.words.end())) {
    throw std::runtime_error("its vocabulary is damaged");
  }
  tables.unigram = in.numbers<std::uint8_t>(v + 1);
  tables.unigram_backoff = in.numbers<std::uint8_t>(v);
  tables.bigrams_of = begins_of(in.numbers<std::uint16_t>(v), b);
  tables.bigram_word = in.numbers<WordId>(b);
  tables.bigram = in.numbers<std::uint8_t>(b);
  tables.bigram_backoff = in.numbers<std::uint8_t>(b);
  tables.trigrams_of = begins_of(in.numbers<std::uint16_t>(b), t);
  tables.trigram_word = in.numbers<WordId>(t);
  tables.trigram = in.numbers<std::uint8_t>(t);
  const auto known = [v](WordId word) { return word < v; };
  if (!in.at_end() || !std::all_of(tables.bigram_word.begin(), tables.bigram_word.end(), known) ||
      !std::all_of(tables.trigram_word.begin(), tables.trigram_word.end(), known)) {
    throw std::runtime_error("is damaged");
  }
  return tables;
}

}  // namespace

std::uint8_t likelihood_byte(double log_p) {
  return static_cast<std::uint8_t>(std::clamp(std::round(-log_p * kStepsANat), 0.0, 255.0));
}
float likelihood_of(std::uint8_t byte) { return static_cast<float>(-byte / kStepsANat); }

void NgramTables::save(const std::filesystem::path& path) const {
  std::string letters;
  for (const std::string& word : words) letters += word + "\n";
  const std::uint32_t sizes[] = {static_cast<std::uint32_t>(words.size()), static_cast<std::uint32_t>(bigram.size()),
                                 static_cast<std::uint32_t>(trigram.size()),
                                 static_cast<std::uint32_t>(letters.size())};
  AtomicFile file(path);
  std::ostream& out = file.stream();
  out << kMagic;
  put<std::uint32_t>(out, sizes);
  out << letters;
  put<std::uint8_t>(out, unigram);
  put<std::uint8_t>(out, unigram_backoff);
  put<std::uint16_t>(out, counts_of<std::uint16_t>(bigrams_of));
  put<WordId>(out, bigram_word);
  put<std::uint8_t>(out, bigram);
  put<std::uint8_t>(out, bigram_backoff);
  put<std::uint16_t>(out, counts_of<std::uint16_t>(trigrams_of));
  put<WordId>(out, trigram_word);
  put<std::uint8_t>(out, trigram);
  file.commit();
}

NgramTables NgramTables::load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("word model '" + path.string() + "' cannot be opened; is the model folder complete?");
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  try {
    return parse(bytes);
  } catch (const std::exception& error) {
    throw std::runtime_error("word model '" + path.string() + "' " + error.what() + "; copy the model folder again");
  }
}

std::uint32_t find_word(const NgramTables& tables, std::string_view word) {
  const auto found = std::lower_bound(tables.words.begin(), tables.words.end(), word);
  return found != tables.words.end() && *found == word ? static_cast<std::uint32_t>(found - tables.words.begin())
                                                       : no_ngram;
}

std::uint32_t find_bigram(const NgramTables& tables, WordId first, WordId second) {
  return find(tables.bigram_word, tables.bigrams_of[first], tables.bigrams_of[first + 1U], second);
}

std::uint32_t find_trigram(const NgramTables& tables, std::uint32_t bigram, WordId third) {
  return find(tables.trigram_word, tables.trigrams_of[bigram], tables.trigrams_of[bigram + 1], third);
}

float log_likelihood(const NgramTables& tables, std::optional<WordId> before, std::optional<WordId> last, WordId word) {
  float backoff = 0;
  const std::uint32_t pair = before && last ? find_bigram(tables, *before, *last) : no_ngram;
  if (pair != no_ngram) {
    if (const std::uint32_t at = find_trigram(tables, pair, word); at != no_ngram)
      return likelihood_of(tables.trigram[at]);
    backoff += likelihood_of(tables.bigram_backoff[pair]);
  }
  if (last) {
    if (const std::uint32_t at = find_bigram(tables, *last, word); at != no_ngram)
      return backoff + likelihood_of(tables.bigram[at]);
    backoff += likelihood_of(tables.unigram_backoff[*last]);
  }
  return backoff + likelihood_of(tables.unigram[word]);
}

}  // namespace catena::model
