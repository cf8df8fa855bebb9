#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "model/text/word_search.h"
#include "model/text/words.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

struct Seen {
  double log_probability;
  int expected;
};

/// What a judge is told, by the words.
std::map<std::string, Seen> candidates_of(const TextStream& stream, const std::vector<ExpectedText>& expected,
                                          std::size_t wanted = 1) {
  std::map<std::string, Seen> seen;
  CompletionOptions options{.sampling = {}, .boundary = Boundary::none, .max_tokens = 1, .expected = expected};
  options.judge = [&](std::span<const WordCandidate> candidates, std::span<double> probabilities) {
    for (const WordCandidate& candidate : candidates)
      seen[std::string(candidate.text)] = {candidate.log_probability, candidate.expected};
    std::fill(probabilities.begin(), probabilities.end(), 1.0 / static_cast<double>(probabilities.size()));
  };
  TextStream copy = stream;
  copy.alternatives(options, wanted);
  return seen;
}

bool begins_in_word(std::string_view piece) { return !piece.empty() && is_word(piece.front()); }

}  // namespace

TEST_CASE("The judge is told the model's words and the expected ones, and how probable the model thinks them") {
  TextStream stream = tiny_stream();
  stream.feed("int total = it");
  const Tokenizer& tokenizer = *stream.model().tokenizer();
  const auto seen = candidates_of(stream, {{"em_zqj(x);\n", 0.2}, {"em_zqj = 1;\n", 0.1}, {"\n", 0.1}, {"zqx", 0.1}});
  REQUIRE(seen.size() >= 8);  // six of the model's, and two expected ones
  CHECK(seen.at("em_zqj").expected == 0);
  CHECK(seen.at("zqx").expected == 3);
  CHECK(std::count_if(seen.begin(), seen.end(), [](const auto& entry) { return entry.second.expected < 0; }) >= 5);
  for (const auto& [word, candidate] : seen) {
    INFO("word " << word);
    CHECK(candidate.log_probability <= 0);
    if (!is_word(word.empty() ? ' ' : word.back()) || candidate.expected < 0) continue;
    // By hand: the stream's state reads the word's tokens, each of which is chosen among those that agree with what is
    // typed.
    TextStream by_hand = stream;
    const auto executor = make_executor(stream.model().weights(), {});
    ChainState state = stream.state();
    double sum = 0;
    std::string required(stream.pending());
    std::vector<float> logits(static_cast<std::size_t>(tokenizer.vocab()));
    const TokenMask mask(stream.model().tokenizer());
    const auto masked = [&] {
      executor->logits(state, logits);
      mask.apply(logits, required, {});
      logits[static_cast<std::size_t>(tokenizer.control(Control::prefix))] = -INFINITY;
    };
    for (const Token token : tokenizer.encode(required + word)) {
      masked();
      sum += static_cast<double>(logits[static_cast<std::size_t>(token)]) - log_sum_exp(logits);
      executor->read(state, {&token, 1}, stream.settings());
      required.erase(0, tokenizer.piece(token).size());
    }
    masked();
    double ends = 0;
    for (Token token = 0; token < tokenizer.vocab(); ++token) {
      if (!begins_in_word(tokenizer.piece(token)))
        ends += std::exp(static_cast<double>(logits[static_cast<std::size_t>(token)]) - log_sum_exp(logits));
    }
    CHECK(candidate.log_probability == Approx(std::max(sum + std::log(ends), -20.0)).margin(1e-3));
  }
}

TEST_CASE(
    "What is judged the most probable comes first, whatever the model says, and is shown only if it is sure enough") {
  TextStream stream = tiny_stream();
  stream.feed("int total = ");
  const auto judged = [&](const std::string& favourite, double probability, double least) {
    CompletionOptions options{.sampling = {},
                              .boundary = Boundary::none,
                              .max_tokens = 8,
                              .least_log_probability = least,
                              .expected = {{"zqx", 0.01}, {"zqj", 0.01}}};
    options.judge = [=](std::span<const WordCandidate> candidates, std::span<double> probabilities) {
      for (std::size_t i = 0; i < candidates.size(); ++i)
        probabilities[i] = candidates[i].text == favourite ? probability : 1e-6;
    };
    return stream.complete(options);
  };
  CHECK(judged("zqx", 0.5, -3).text.starts_with("zqx"));
  CHECK(judged("zqj", 0.5, -3).text.starts_with("zqj"));
  const Completion unsure = judged("zqj", 0.01, -3);
  CHECK(unsure.text.empty());
  CHECK(unsure.stop == StopReason::unsure);
}

TEST_CASE("Of equally probable words the longer one comes first") {
  TextStream stream = tiny_stream();
  stream.feed("int total = ");
  CompletionOptions options{.sampling = {},
                            .boundary = Boundary::none,
                            .max_tokens = 8,
                            .expected = {{"zq", 0.1}, {"zqxjv", 0.1}, {"zqx", 0.1}}};
  options.judge = [](std::span<const WordCandidate> candidates, std::span<double> probabilities) {
    for (std::size_t i = 0; i < candidates.size(); ++i) probabilities[i] = candidates[i].expected >= 0 ? 0.1 : 0;
  };
  const auto found = stream.alternatives(options, 3);
  REQUIRE(found.size() == 3);
  CHECK(found[0].text.starts_with("zqxjv"));
  CHECK(found[1].text.starts_with("zqx"));
  CHECK(found[2].text.starts_with("zq"));
}

TEST_CASE("A sign that an expected text begins with is known as expected") {
  TextStream stream = tiny_stream();
  stream.feed("items;\n");
  std::string most_likely;
  double best = -INFINITY;
  for (const auto& [word, candidate] : candidates_of(stream, {}, 40)) {
    if (word.empty() || is_word(word.back()) || candidate.log_probability < best) continue;
    most_likely = word;
    best = candidate.log_probability;
  }
  REQUIRE_FALSE(most_likely.empty());
  const auto seen = candidates_of(stream, {{most_likely + "%%zq\n", 0.2}}, 40);
  REQUIRE(seen.contains(most_likely));
  CHECK(seen.at(most_likely).expected == 0);
}
