#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <random>

#include "model/speech/ngram_estimator.h"
#include "model/speech/ngram_model.h"
#include "tests/model/temporary_folder.h"

using namespace catena::model;
using catena::model::test::TemporaryFolder;

namespace {

NgramTables tables_of(const std::string& text, std::vector<std::string> words, std::uint32_t least_bigram = 1,
                      std::uint32_t least_trigram = 1) {
  NgramEstimator estimator(std::move(words));
  estimator.add(text);
  return estimator.estimate(least_bigram, least_trigram);
}

/// ln p of the last word behind the others.
float log_p(NgramModel& model, const std::vector<std::string>& words) {
  WordModel::StatePointer state = model.start();
  float result = 0;
  for (const std::string& word : words) {
    const WordModel::Judgement judged = model.next(state, word);
    result = judged.likelihood;
    state = judged.state;
  }
  return result;
}

const std::vector<std::string> kWords{"a", "b", "c", "d"};

/// Words that depend on the two before them.
std::string babble(int count) {
  std::mt19937 random(3);
  std::string text;
  int before = 0, last = 1;
  for (int i = 0; i < count; ++i) {
    const int word = random() % 4 == 0 ? static_cast<int>(random() % 4) : (before * 3 + last) % 4;
    text += std::string(i > 0 ? " " : "") + static_cast<char>('a' + word);
    before = std::exchange(last, word);
  }
  return text;
}

}  // namespace

TEST_CASE("behind any words the likelihoods of all words add up to one") {
  const std::uint32_t least = GENERATE(1U, 4U, 1000U);
  NgramModel model(tables_of(babble(3000) + " zebra", kWords, least, least));
  for (const std::vector<std::string>& context :
       {std::vector<std::string>{}, {"a"}, {"b", "c"}, {"d", "d"}, {"zebra", "a"}}) {
    double sum = 0;
    for (const std::string& word : kWords) {
      std::vector<std::string> words = context;
      words.push_back(word);
      sum += std::exp(log_p(model, words));
    }
    CHECK(sum == Approx(1).margin(0.06));  // the unknown word has a little too; bytes round
  }
}

TEST_CASE("longer contexts tell more, and unseen ones fall back to shorter ones") {
  NgramModel model(tables_of(babble(4000), kWords));
  CHECK(log_p(model, {"b", "c", "b"}) > -0.6F);  // (1 * 3 + 2) % 4 = 1, three times in four and a little more
  CHECK(log_p(model, {"b", "c", "d"}) < -2.0F);
  const NgramTables few = tables_of("a b c a b d a b c", kWords);
  NgramModel small(few);
  CHECK(find_bigram(few, 3, 2) == no_ngram);
  CHECK(log_p(small, {"d", "c"}) < log_p(small, {"b", "c"}));
  CHECK(log_p(small, {"d", "d", "d"}) < 0);
}

TEST_CASE("a word that is none of the vocabulary costs more with every letter and ends the context") {
  NgramModel model(tables_of(babble(500) + " q q q", kWords));
  const float shorter = log_p(model, {"a", "xy"}), longer = log_p(model, {"a", "xyz"});
  CHECK(std::isfinite(longer));
  CHECK(longer < shorter - 2);
  CHECK(log_p(model, {"b", "xy", "a"}) == log_p(model, {"a"}));
}

TEST_CASE("a beginning is as likely as the words that begin so") {
  NgramModel model(tables_of("see sea see tree the the the see", {"see", "sea", "tree", "the"}));
  CHECK(model.beginning("") == Approx(0).margin(0.1));
  CHECK(model.beginning("se") > model.beginning("sea"));
  CHECK(std::exp(model.beginning("t")) ==
        Approx(std::exp(model.beginning("th")) + std::exp(model.beginning("tr"))).epsilon(0.05));
  CHECK(model.beginning("xq") < -8);
}

TEST_CASE("words that sound alike are told apart by what stands before them") {
  const TemporaryFolder folder;
  std::ofstream(folder / "lexicon.txt") << "see\t1i\nsea\t1i\nthe\tja\ni\te\nseat\t1i2\n";
  const Lexicon lexicon = Lexicon::load(folder / "lexicon.txt");
  NgramModel model(tables_of("the sea i see a sea i see the seat i see i see", {"see", "sea", "the", "a", "i", "seat"}),
                   &lexicon);
  const auto behind = [&](const std::string& spelled) {
    return model.next(model.next(model.start(), spelled).state, "1i").written;
  };
  CHECK(behind("ja") == "sea");
  CHECK(behind("e") == "see");
  CHECK(model.written("1i") == "sea");  // behind more different words
  CHECK(model.written("1i2") == "seat");
  CHECK(model.written("1i2z") == "seat");
  CHECK(model.beginning("1i") > model.beginning("1i2"));
  CHECK(model.beginning("zz") < -15);
  CHECK(lexicon.symbols("the sea") ==
        std::vector<Symbol>{symbol_of('j'), symbol_of('a'), kSpace, symbol_of('1'), symbol_of('i')});
  CHECK_FALSE(lexicon.symbols("the ocean"));
  std::ofstream(folder / "lexicon.txt") << "see\t1i\nsea 1i\n";
  CHECK_THROWS_WITH(Lexicon::load(folder / "lexicon.txt"), Catch::Contains("lexicon.txt:2"));
}

TEST_CASE("what is no word breaks the context") {
  NgramEstimator estimator({"a", "b", "c"});
  estimator.add("a b a # c");
  estimator.add("a c");
  const NgramTables tables = estimator.estimate(1, 1);
  CHECK(find_bigram(tables, 0, 2) != no_ngram);
  NgramModel model(tables);
  CHECK(find_trigram(tables, find_bigram(tables, 1, 0), 2) == no_ngram);
}

TEST_CASE("a word model goes to its file and back; a damaged one says so") {
  const TemporaryFolder folder;
  const NgramTables tables = tables_of(babble(2000), kWords, 2, 2);
  tables.save(folder / "words.ngrams");
  const NgramTables read = NgramTables::load(folder / "words.ngrams");
  CHECK(read.words == tables.words);
  CHECK(read.bigrams_of == tables.bigrams_of);
  CHECK(read.bigram_backoff == tables.bigram_backoff);
  CHECK(read.trigrams_of == tables.trigrams_of);
  CHECK(read.trigram == tables.trigram);

  const auto size = std::filesystem::file_size(folder / "words.ngrams");
  std::filesystem::resize_file(folder / "words.ngrams", size - 1);
  CHECK_THROWS_WITH(NgramTables::load(folder / "words.ngrams"), Catch::Contains("ends too early"));
  std::filesystem::resize_file(folder / "words.ngrams", size + 8);
  CHECK_THROWS_WITH(NgramTables::load(folder / "words.ngrams"), Catch::Contains("words.ngrams"));
  std::ofstream(folder / "text.ngrams") << "hello there, this is a text";
  CHECK_THROWS_WITH(NgramTables::load(folder / "text.ngrams"), Catch::Contains("is no word model"));
  CHECK_THROWS_WITH(NgramTables::load(folder / "none.ngrams"), Catch::Contains("cannot be opened"));
}
