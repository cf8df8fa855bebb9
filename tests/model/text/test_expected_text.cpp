#include "model/text/expected_text.h"

#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "model/text/words.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

std::vector<float> random_logits(const Tokenizer& tokenizer, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 2);
  std::vector<float> logits(static_cast<std::size_t>(tokenizer.vocab()));
  for (float& logit : logits) logit = normal(random);
  return logits;
}

std::vector<double> softmax(const std::vector<float>& logits) {
  double total = 0;
  std::vector<double> p;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit));
  for (const float logit : logits) p.push_back(std::exp(static_cast<double>(logit)) / total);
  return p;
}

/// Every beginning of `rest` that is a piece; a byte's own token only where no piece stands for it.
std::vector<Token> spellings(const Tokenizer& tokenizer, std::string_view rest) {
  std::map<std::string_view, Token> by_piece;
  for (Token token = 0; token < tokenizer.vocab(); ++token) {
    const std::string_view piece = tokenizer.piece(token);
    if (!piece.empty() && rest.starts_with(piece)) by_piece[piece] = token;
  }
  std::vector<Token> tokens;
  for (const auto& [piece, token] : by_piece) tokens.push_back(token);
  return tokens;
}

}  // namespace

TEST_CASE("Without expected texts the model's distribution stays as it is") {
  const auto tokenizer = small_tokenizer();
  ExpectedTexts expected(tokenizer);
  std::vector<float> logits = random_logits(*tokenizer, 1);
  const std::vector<float> before = logits;
  expected.start("", {});
  expected.mix(logits, "");
  CHECK(logits == before);
}

TEST_CASE("Two steps have the probability that the mixture of model and texts gives them together") {
  const auto tokenizer = small_tokenizer();
  const std::vector<ExpectedText> texts = {{"item total", 0.3}, {"items in", 0.2}};
  const std::vector<float> first = random_logits(*tokenizer, 2), second = random_logits(*tokenizer, 3);
  const std::vector<double> p1 = softmax(first), p2 = softmax(second);
  for (const Token a : spellings(*tokenizer, texts[1].text)) {
    ExpectedTexts expected(tokenizer);
    expected.start("", texts);
    std::vector<float> logits = first;
    expected.mix(logits, "");
    const double mixed1 = softmax(logits)[static_cast<std::size_t>(a)];
    expected.chosen(a);
    const std::string written(tokenizer->piece(a));
    logits = second;
    expected.mix(logits, written);
    const std::vector<double> mixed2 = softmax(logits);
    for (const Token b : {spellings(*tokenizer, texts[1].text.substr(written.size())).front(), Token{300}}) {
      // An expert's probability of the two tokens, from its definition.
      const auto expert = [&](const std::string& text) {
        // Where one of the text's own tokens begins, it spells the text; elsewhere all that begin like the rest do.
        const auto spells = [&](Token token, std::string_view rest, const std::vector<double>& p) {
          auto all = spellings(*tokenizer, rest);
          std::size_t end = 0;
          for (const Token own : tokenizer->encode(text)) {
            if (end == text.size() - rest.size()) all = {own};
            end += tokenizer->piece(own).size();
          }
          double mass = 0;
          for (const Token t : all) mass += p[static_cast<std::size_t>(t)];
          const bool in = std::find(all.begin(), all.end(), token) != all.end();
          return in ? p[static_cast<std::size_t>(token)] / mass : 0.0;
        };
        const double one = spells(a, text, p1);
        if (!text.starts_with(written)) return one * p2[static_cast<std::size_t>(b)];
        // At the second token, as expected_text.cpp says: the first word is one thing.
        const double follows = written.size() < next_word(text).size() ? 1 : 0.75;
        return one * (follows * spells(b, std::string_view(text).substr(written.size()), p2) +
                      (1 - follows) * p2[static_cast<std::size_t>(b)]);
      };
      const double together = 0.5 * p1[static_cast<std::size_t>(a)] * p2[static_cast<std::size_t>(b)] +
                              0.3 * expert(texts[0].text) + 0.2 * expert(texts[1].text);
      CHECK(mixed1 * mixed2[static_cast<std::size_t>(b)] == Approx(together).epsilon(1e-4));
    }
  }
}

TEST_CASE("A text that was wrong has no say any more") {
  const auto tokenizer = small_tokenizer();
  ExpectedTexts expected(tokenizer);
  expected.start("", std::vector<ExpectedText>{{"item", 0.9}});
  std::vector<float> logits = random_logits(*tokenizer, 4);
  expected.mix(logits, "");
  const Token wrong = tokenizer->encode("(").front();
  expected.chosen(wrong);
  logits = random_logits(*tokenizer, 5);
  const std::vector<float> before = logits;
  expected.mix(logits, "(");
  CHECK(logits == before);
}

TEST_CASE(
    "A text that is all but certain is what a completion says, typed letters and characters of many bytes included") {
  for (const char* typed : {"x = ", "x = it", "x = item"}) {
    for (const char* text : {"_total(größe);\n", "s.size();\n"}) {
      TextStream stream = tiny_stream();
      stream.feed(typed);
      CompletionOptions options;
      options.max_tokens = 40;
      options.expected = {{text, 0.97}};
      const std::string said = stream.complete(options).text;
      const std::string_view line(text, std::string_view(text).size() - 1);
      INFO(typed << "|" << said);
      CHECK(said == line);  // up to the end of the line, where a completion stops
    }
  }
}

TEST_CASE("Expected texts do not disturb the stream, and probabilities above one together are brought down") {
  TextStream stream = tiny_stream();
  stream.feed("for (const auto& it");
  const Checkpoint before = stream.mark();
  CompletionOptions options;
  options.expected = {{"em : items) {\n", 0.9}, {"erator : list) {\n", 0.9}, {"", 0.5}};
  const Completion completion = stream.complete(options);
  CHECK(completion.mean_log_probability <= 0);
  CHECK(stream.state() == before.state);
  const auto others = stream.alternatives(options, 3);
  REQUIRE(others.size() >= 2);
  CHECK(std::set<std::string>{others[0].text.substr(0, 2), others[1].text.substr(0, 2)} ==
        std::set<std::string>{"em", "er"});
  CHECK(stream.state() == before.state);
}
