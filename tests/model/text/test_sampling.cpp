#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "model/text/sampling.h"

using namespace catena::model;

namespace {

const std::vector<float> logits = {std::log(0.5F), -INFINITY, std::log(0.3F), std::log(0.15F), std::log(0.05F)};

std::map<Token, int> draw(const Sampling& sampling, int count) {
  Sampler sampler(static_cast<int>(logits.size()));
  sampler.start(sampling);
  std::map<Token, int> counts;
  for (int i = 0; i < count; ++i) ++counts[sampler.choose(logits).token];
  return counts;
}

}  // namespace

TEST_CASE("Greedy takes the likeliest token and tells its probability") {
  Sampler sampler(5);
  sampler.start({});
  const Choice choice = sampler.choose(logits);
  CHECK(choice.token == 0);
  CHECK(choice.log_probability == Approx(std::log(0.5)).margin(1e-6));
  const std::vector<float> equals = {1, 3, 3, 2};
  CHECK(sampler.choose(equals).token == 1);
}

TEST_CASE("Draws follow the distribution, sharpened or flattened by the temperature") {
  auto counts = draw({.temperature = 1, .seed = 7}, 20000);
  CHECK(counts[0] == Approx(10000).margin(300));
  CHECK(counts[2] == Approx(6000).margin(300));
  CHECK(counts[3] == Approx(3000).margin(300));
  CHECK(counts[4] == Approx(1000).margin(200));
  CHECK(counts.count(1) == 0);

  counts = draw({.temperature = 0.5F, .seed = 7}, 20000);  // squares of the probabilities
  const double total = 0.25 + 0.09 + 0.0225 + 0.0025;
  CHECK(counts[0] == Approx(20000 * 0.25 / total).margin(300));
  CHECK(counts[2] == Approx(20000 * 0.09 / total).margin(300));
}

TEST_CASE("Top-p keeps just enough of the likeliest tokens") {
  auto counts = draw({.temperature = 1, .top_p = 0.75F, .seed = 3}, 8000);
  CHECK(counts.size() == 2);
  CHECK(counts[0] == Approx(5000).margin(250));
  CHECK(draw({.temperature = 1, .top_p = 0.2F, .seed = 3}, 100).size() == 1);
  CHECK(draw({.temperature = 1, .top_p = 0.96F, .seed = 3}, 8000).size() == 4);
}

TEST_CASE("The same seed draws the same tokens, another one others") {
  const auto sequence = [](std::uint64_t seed) {
    Sampler sampler(5);
    sampler.start({.temperature = 1, .seed = seed});
    std::vector<Token> tokens;
    for (int i = 0; i < 50; ++i) tokens.push_back(sampler.choose(logits).token);
    return tokens;
  };
  CHECK(sequence(1) == sequence(1));
  CHECK(sequence(1) != sequence(2));
}

TEST_CASE("The best tokens come in order, forbidden ones never") {
  Sampler sampler(5);
  const auto best = sampler.best(logits, 10);
  REQUIRE(best.size() == 4);
  CHECK(best[0].token == 0);
  CHECK(best[1].token == 2);
  CHECK(best[3].token == 4);
  CHECK(best[1].log_probability == Approx(std::log(0.3)).margin(1e-6));
  CHECK(sampler.best(logits, 2).size() == 2);
}

TEST_CASE("Settings out of bounds and logits without a token are refused") {
  Sampler sampler(3);
  CHECK_THROWS_WITH(sampler.start({.temperature = -1}), Catch::Contains("temperature"));
  CHECK_THROWS_WITH(sampler.start({.temperature = NAN}), Catch::Contains("temperature"));
  CHECK_THROWS_WITH(sampler.start({.top_p = 0}), Catch::Contains("top-p"));
  sampler.start({});
  CHECK_THROWS_WITH(sampler.choose(std::array{-INFINITY, -INFINITY, -INFINITY}), Catch::Contains("no token"));
  CHECK_THROWS_WITH(sampler.choose(std::array{NAN, NAN, NAN}), Catch::Contains("not finite"));
}
