#include "app/suggest/ranker_training.h"

#include <catch2/catch.hpp>
#include <random>

#include "app/suggest/ranker_examples.h"
#include "tests/model/text/fixtures.h"

using namespace catena;
using namespace catena::app;
using model::test::TemporaryFolder;

namespace {

/// Two to five candidates with random features; the one with the most of a product of two features comes, unless that
/// is small.
std::vector<RankerExample> made_up(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<RankerExample> examples(count);
  for (RankerExample& example : examples) {
    example.candidates.resize(2 + random() % 4);
    example.typed = random() % 6;
    example.bytes = 1 + random() % 8;
    float best = 0.3F;
    for (std::size_t i = 0; i < example.candidates.size(); ++i) {
      for (float& number : example.candidates[i]) number = normal(random);
      const float score = example.candidates[i][3] * example.candidates[i][7];
      if (score > best) {
        best = score;
        example.right = static_cast<int>(i);
      }
    }
  }
  return examples;
}

std::vector<const RankerExample*> pointers(const std::vector<RankerExample>& examples) {
  std::vector<const RankerExample*> all;
  for (const RankerExample& example : examples) all.push_back(&example);
  return all;
}

}  // namespace

TEST_CASE("A ranker learns what no sum of the features tells, and holds on examples it has not seen", "[ranker]") {
  const auto seen = made_up(4000, 1), others = made_up(1000, 2);
  const RankerTraining training{.epochs = 12};
  const RankerScore untrained = score_ranker(WordRanker{}, pointers(others));
  const WordRanker ranker = train_ranker(pointers(seen), training);
  const RankerScore score = score_ranker(ranker, pointers(others));
  CHECK(score.nats < 0.75 * untrained.nats);
  CHECK(score.right > 0.5);
  CHECK(train_ranker(pointers(seen), training).in == ranker.in);  // the same seed gives the same ranker
}

TEST_CASE("Too few examples are told of", "[ranker]") {
  const auto few = made_up(20, 3);
  CHECK_THROWS_WITH(train_ranker(pointers(few), {}), Catch::Contains("too few"));
}

TEST_CASE("Examples are taken down wherever the typist asks, and are the same after they were written and read",
          "[ranker]") {
  const auto tiny = model::test::tiny_text_model(model::Carry::delta);
  const std::shared_ptr<model::Executor> executor = model::make_executor(tiny->weights(), {});
  std::string text;
  for (int i = 0; i < 40; ++i) text += "int total_count = first_item + second_item;\nreturn total_count;\n";
  const auto examples = collect_examples(tiny, executor, nullptr, "a.cpp", text, {.typed_bytes = 600});
  REQUIRE(examples.size() > 10);
  std::size_t right = 0;
  for (const RankerExample& example : examples) {
    CHECK(!example.candidates.empty());
    CHECK(example.right < static_cast<int>(example.candidates.size()));
    if (example.right >= 0) ++right;
  }
  CHECK(right > examples.size() / 2);  // the file repeats itself, so that what comes is recalled

  const TemporaryFolder folder;
  save_examples(examples, folder / "examples");
  const auto loaded = load_examples(folder / "examples");
  REQUIRE(loaded.size() == examples.size());
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    CHECK(loaded[i].candidates == examples[i].candidates);
    CHECK(loaded[i].right == examples[i].right);
    CHECK(loaded[i].typed == examples[i].typed);
    CHECK(loaded[i].bytes == examples[i].bytes);
  }
  std::filesystem::resize_file(folder / "examples", std::filesystem::file_size(folder / "examples") - 3);
  CHECK_THROWS_WITH(load_examples(folder / "examples"), Catch::Contains("damaged"));
  model::test::write_text(folder / "other", "something else");
  CHECK_THROWS_WITH(load_examples(folder / "other"), Catch::Contains("no examples"));
}
