#include <catch2/catch.hpp>
#include <random>

#include "model/executor.h"
#include "model/runtime/transformer.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;

TEST_CASE("the Transformer gives what a carry = none model of its weights gives in a chunk that never ends") {
  const auto weights = random_weights(tiny_config(Carry::attention), 21);
  const auto executor = make_executor(random_weights(tiny_config(Carry::none), 21), {});
  StreamSettings settings;
  settings.chunk_length = 512;
  ChainState state = executor->initial_state(512);
  Transformer transformer(weights, Precision::float32, 400);
  std::vector<float> expected(96), actual(96);
  std::mt19937 random(3);
  for (int i = 0; i < 400; ++i) {
    const Token token = static_cast<Token>(random() % 96);
    executor->read(state, std::span(&token, 1), settings);
    transformer.read(token);
    executor->logits(state, expected);
    transformer.logits(actual);
    REQUIRE(actual == expected);
  }
  CHECK(transformer.tokens() == 400);
  CHECK(transformer.cache_bytes() == 400 * 3 * 2 * 32 * 4);
  CHECK_THROWS_WITH(transformer.read(0), Catch::Contains("400 tokens"));
}

TEST_CASE("a Transformer that goes back ends as one that never read what was taken back") {
  const auto weights = random_weights(tiny_config(Carry::attention), 21);
  Transformer fresh(weights, Precision::float32, 400), went_back(weights, Precision::float32, 400);
  for (Token token = 0; token < 90; ++token) went_back.read(token);
  went_back.rewind(50);
  CHECK(went_back.state_bytes() == kv_cache_bytes(weights->config(), 50));
  for (Token token = 0; token < 50; ++token) fresh.read(token);
  std::vector<float> expected(96), actual(96);
  for (Token token = 20; token < 40; ++token) {
    fresh.read(token);
    went_back.read(token);
    fresh.logits(expected);
    went_back.logits(actual);
    REQUIRE(actual == expected);
  }
  CHECK_THROWS_WITH(fresh.rewind(71), Catch::Contains("70 tokens"));
  fresh.rewind(0);
  CHECK(fresh.cache_bytes() == 0);
  fresh.read(1);
  CHECK(fresh.state_bytes() == kv_cache_bytes(weights->config(), 1));
}

TEST_CASE("a same-size Transformer has the tracker's parameters within one per cent") {
  ModelConfig config = tiny_config(Carry::delta, 8192);
  config.width = 256;
  config.layers = 6;
  config.heads = 4;
  config.ffn = 640;
  config.gate_hidden = 64;
  const ModelConfig same = same_size_transformer(config);
  CHECK(same.carry == Carry::attention);
  CHECK(static_cast<double>(same.parameters()) == Approx(static_cast<double>(config.parameters())).epsilon(0.01));
  CHECK_NOTHROW(same.validate());
}

TEST_CASE("beside a reader of speech the Transformer reads what is embedded, and counts without the embedding matrix") {
  ModelConfig reader = tiny_config(Carry::delta);
  reader.features = 640;
  reader.around_taps = 15;
  reader.width = 192;
  reader.layers = 6;
  reader.ffn = 512;
  const ModelConfig same = same_size_transformer(reader);
  CHECK_NOTHROW(same.validate());
  CHECK(static_cast<double>(same.parameters() + 192 * 641) ==
        Approx(static_cast<double>(reader.parameters())).epsilon(0.01));

  Transformer by_token(filler_weights(same), Precision::float32, 10),
      embedded(filler_weights(same), Precision::float32, 10);
  const std::vector<float> rows = filler_weights(same)->to_float("embed.weight");
  std::vector<float> a(96), b(96);
  for (const Token token : {3, 90, 4}) {
    by_token.read(token);
    embedded.read(std::span(rows).subspan(static_cast<std::size_t>(token) * 192, 192));
    by_token.logits(a);
    embedded.logits(b);
    CHECK(a == b);
  }
  CHECK(embedded.tokens() == 3);
  CHECK_THROWS_WITH(embedded.read(std::span(rows).first(64)), "the Transformer reads 192 numbers, not 64");
}

TEST_CASE("only a carry = attention model makes a Transformer") {
  CHECK_THROWS_WITH(Transformer(random_weights(tiny_config(Carry::delta), 1), Precision::float32, 10),
                    Catch::Contains("carry = attention"));
  ModelConfig convolved = tiny_config(Carry::attention);
  convolved.local_taps = 4;
  CHECK_THROWS_WITH(Transformer(random_weights(convolved, 1), Precision::float32, 10), Catch::Contains("local_taps"));
}

TEST_CASE("models that are only compared with are refused as streams, in one line") {
  ModelConfig summaries = tiny_config(Carry::delta);
  summaries.summary_levels = 2;
  for (const ModelConfig& config : {tiny_config(Carry::attention), summaries}) {
    CHECK_THROWS_WITH(make_executor(random_weights(config), {}),
                      Catch::Contains(config.name) && Catch::Contains("not to read streams"));
  }
}
