#include "app/suggest/word_ranker.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "tests/model/text/fixtures.h"

using namespace catena::app;
using catena::model::test::read_text;
using catena::model::test::TemporaryFolder;
using catena::model::test::write_text;

namespace {

WordRanker random_ranker() {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  WordRanker ranker;
  const auto fill = [&](auto& row) {
    for (float& number : row) number = normal(random);
  };
  fill(ranker.mean);
  fill(ranker.scale);
  for (auto& row : ranker.in) fill(row);
  fill(ranker.in_bias);
  fill(ranker.out);
  fill(ranker.linear);
  fill(ranker.none);
  return ranker;
}

std::vector<WordFeatures> random_rows(std::size_t count) {
  std::mt19937 random(6);
  std::normal_distribution<float> normal;
  std::vector<WordFeatures> rows(count);
  for (WordFeatures& row : rows) {
    for (float& number : row) number = normal(random);
  }
  return rows;
}

std::string problem(const std::filesystem::path& file) {
  try {
    WordRanker::load(file);
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("A ranker's probabilities are softmax over the words and that none of them comes", "[ranker]") {
  const WordRanker ranker = random_ranker();
  const auto rows = random_rows(5);
  std::vector<double> scores;
  for (const WordFeatures& row : rows) {
    double score = 0;
    for (std::size_t h = 0; h < WordRanker::hidden; ++h) {
      double sum = static_cast<double>(ranker.in_bias[h]);
      for (std::size_t f = 0; f < word_feature_count; ++f)
        sum += static_cast<double>((row[f] - ranker.mean[f]) * ranker.scale[f] * ranker.in[f][h]);
      score += std::tanh(sum) * static_cast<double>(ranker.out[h]);
    }
    for (std::size_t f = 0; f < word_feature_count; ++f)
      score += static_cast<double>((row[f] - ranker.mean[f]) * ranker.scale[f] * ranker.linear[f]);
    scores.push_back(score);
  }
  for (const std::size_t typed : {0, 1, 2, 3, 9}) {
    const double none = static_cast<double>(ranker.none[std::min<std::size_t>(typed, 3)]);
    double total = std::exp(none);
    for (const double score : scores) total += std::exp(score);
    std::vector<double> probabilities(rows.size());
    ranker.judge(rows, typed, probabilities);
    for (std::size_t i = 0; i < rows.size(); ++i)
      CHECK(probabilities[i] == Approx(std::exp(scores[i]) / total).epsilon(1e-3));
  }
  ranker.judge({}, 0, {});  // no words: nothing to do
}

TEST_CASE("A ranker is the same after it was written and read", "[ranker]") {
  const TemporaryFolder folder;
  const WordRanker ranker = random_ranker();
  ranker.save(folder / WordRanker::file_name);
  const auto loaded = WordRanker::of_model(folder.path());
  REQUIRE(loaded != nullptr);
  CHECK(loaded->in == ranker.in);
  const auto rows = random_rows(4);
  std::vector<double> a(4), b(4);
  ranker.judge(rows, 1, a);
  loaded->judge(rows, 1, b);
  CHECK(a == b);
}

TEST_CASE("A model's folder without a ranker has none; a damaged or foreign one is told of in one line", "[ranker]") {
  const TemporaryFolder folder;
  CHECK(WordRanker::of_model(folder.path()) == nullptr);
  random_ranker().save(folder / "r.json");
  const std::string whole = read_text(folder / "r.json");
  for (const std::string& text :
       {std::string(), whole.substr(0, whole.size() / 2), std::string("[]"), std::string("{\"features\":[\"x\"]}")}) {
    write_text(folder / "bad.json", text);
    const std::string said = problem(folder / "bad.json");
    INFO(said);
    CHECK(said.find("bad.json") != std::string::npos);
    CHECK(said.find("train it again") != std::string::npos);
    CHECK(said.find('\n') == std::string::npos);
  }
  CHECK(problem(folder / "absent.json").find("absent.json") != std::string::npos);
}
