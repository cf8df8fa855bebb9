#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <optional>

#include "model/speech/ngram_estimator.h"
#include "model/speech/ngram_mixture.h"
#include "tests/model/temporary_folder.h"

using namespace catena::model;
using catena::model::test::TemporaryFolder;

namespace {

const std::vector<std::string> kWords{"a", "b", "c"};

NgramTables tables_of(const std::string& text) {
  NgramEstimator estimator(kWords);
  estimator.add(text);
  return estimator.estimate(1, 1);
}

using Context = std::pair<std::optional<WordId>, std::optional<WordId>>;
const std::vector<Context> kContexts{{{}, {}}, {{}, 0}, {{}, 2}, {0, 1}, {1, 0}, {2, 2}};

double p(const NgramTables& tables, const Context& context, WordId word) {
  return std::exp(log_likelihood(tables, context.first, context.second, word));
}

constexpr auto kArpa = R"(\data\
ngram 1=4
ngram 2=2
ngram 3=1

\1-grams:
-0.5	a	-0.2
-0.7	b	-0.1
-1.0	zebra	0.0
-1.2	</s>

\2-grams:
-0.3	a b	-0.4
-0.3	a zebra

\3-grams:
-0.1	a b a

\end\
)";

}  // namespace

TEST_CASE("a mixture's likelihoods are the parts' in proportion, where nothing is left out") {
  const std::vector<MixturePart> parts{{tables_of("a b a c a b c b a a b"), 0.75},
                                       {tables_of("c c b a c b c c a b b"), 0.25}};
  const NgramTables mixed = mix(parts, 0);
  for (const Context& context : kContexts) {
    for (WordId word = 0; word < kWords.size(); ++word) {
      const double expected = 0.75 * p(parts[0].tables, context, word) + 0.25 * p(parts[1].tables, context, word);
      // What none of the parts has seen behind a context is told by shorter ones, which is another sum; bytes round.
      CHECK(p(mixed, context, word) == Approx(expected).epsilon(0.3));
    }
  }
}

TEST_CASE("behind any words a mixture adds up to one, whatever was left out") {
  const double least_gain = GENERATE(0.0, 0.01, 0.1);
  const std::vector<MixturePart> parts{{tables_of("a b a c a b c b a a b a b c"), 0.5},
                                       {tables_of("c c b a c b c c a b b"), 0.5}};
  const NgramTables mixed = mix(parts, least_gain);
  for (const Context& context : kContexts) {
    double sum = 0;
    for (WordId word = 0; word < kWords.size(); ++word) sum += p(mixed, context, word);
    CHECK(sum == Approx(1).margin(0.12));  // the unknown word has a little too
  }
  if (least_gain > 0.05) CHECK(mixed.trigram.empty());
}

TEST_CASE("an ARPA model is read for the words that are known") {
  const TemporaryFolder folder;
  std::ofstream(folder / "x.arpa") << kArpa;
  CHECK(arpa_words(folder / "x.arpa").size() == 3);
  const NgramTables tables = read_arpa(folder / "x.arpa", kWords);
  CHECK(p(tables, {{}, {}}, 0) == Approx(std::pow(10, -0.5)).epsilon(0.05));
  CHECK(p(tables, {{}, 0}, 1) == Approx(std::pow(10, -0.3)).epsilon(0.05));
  CHECK(p(tables, {0, 1}, 0) == Approx(std::pow(10, -0.1)).epsilon(0.05));
  CHECK(p(tables, {{}, 1}, 0) == Approx(std::pow(10, -0.1 - 0.5)).epsilon(0.08));
  CHECK(p(tables, {0, 1}, 1) == Approx(std::pow(10, -0.4 - 0.1 - 0.7)).epsilon(0.12));
  CHECK(p(tables, {{}, {}}, 2) < 1e-8);
}

TEST_CASE("what is no ARPA model, or has other words, says so") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_arpa(folder / "none.arpa", kWords), Catch::Contains("cannot be read"));
  std::ofstream(folder / "x.arpa") << "\\1-grams:\n-0.5\ta\nx b\n";
  CHECK_THROWS_WITH(read_arpa(folder / "x.arpa", kWords), Catch::Contains("x.arpa:3"));
  NgramTables other = tables_of("a b");
  other.words.back() = "d";
  const std::vector<MixturePart> parts{{tables_of("a b"), 0.5}, {other, 0.5}};
  CHECK_THROWS_AS(mix(parts, 0), std::invalid_argument);
}
