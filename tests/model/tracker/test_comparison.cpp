#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "model/executor.h"
#include "model/runtime/memory.h"
#include "model/train/comparison.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;
namespace fs = std::filesystem;

namespace {

/// A model folder and a token file, removed at the end.
class Material {
 public:
  explicit Material(const ModelConfig& config)
      : folder_(fs::temp_directory_path() / ("catena-comparison-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    write_random_model(folder_ / "model", config, 3);
    TokenFileWriter writer(folder_ / "text.tokens", 1,
                           std::vector<std::uint16_t>(static_cast<std::size_t>(config.vocab), 2));
    writer.append(random_tokens(config, 3000, 4));
    writer.finish();
  }
  ~Material() { fs::remove_all(folder_); }
  fs::path model() const { return folder_ / "model"; }
  fs::path tokens() const { return folder_ / "text.tokens"; }

 private:
  fs::path folder_;
};

}  // namespace

TEST_CASE("likelihood by position is what the stream itself gives, token by token") {
  const ModelConfig config = tiny_config(Carry::delta);
  const Material material(config);
  const LoadedModel model(material.model());
  const TokenFile file(material.tokens());
  const Evaluation evaluation = score_by_position(model, file, 2, 1300);

  Evaluation expected;
  const auto executor = make_executor(Weights::load(material.model()), {});
  for (const std::size_t begin : {0, 1500}) {
    const auto part = file.tokens().subspan(begin, 1301);
    const std::vector<Token> tokens(part.begin(), part.end());
    std::vector<float> nll(tokens.size());
    ChainState state = executor->initial_state(config.chunk_length);
    executor->score(state, tokens, {.chunk_length = config.chunk_length}, nll);
    for (std::size_t i = 1; i < tokens.size(); ++i) expected.add(static_cast<std::int64_t>(i - 1), 2, nll[i]);
  }
  for (std::size_t i = 0; i < expected.buckets.size(); ++i) {
    CHECK(evaluation.buckets[i].tokens == expected.buckets[i].tokens);
    CHECK(evaluation.buckets[i].bytes == expected.buckets[i].bytes);
    if (expected.buckets[i].tokens > 0)
      CHECK(evaluation.buckets[i].nats_per_token() == Approx(expected.buckets[i].nats_per_token()).epsilon(1e-4));
  }
}

TEST_CASE("a model that has learned nothing recalls nothing, at any distance, each time the same") {
  const Material material(tiny_config(Carry::delta, 400));
  const LoadedModel model(material.model());
  const TokenFile file(material.tokens());
  const std::int64_t distances[] = {16, 200, 1500};
  const std::vector<RecallPoint> points = recall_by_distance(model, file, distances, 6, 1),
                                 again = recall_by_distance(model, file, distances, 6, 1);
  REQUIRE(points.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(points[i].distance == distances[i]);
    CHECK(points[i].recalled == 0);
    CHECK(std::isfinite(points[i].unseen_nll));
    CHECK(points[i].recalled_nll == again[i].recalled_nll);
  }
}

TEST_CASE("gradients reach over chunk boundaries as far as something is carried") {
  const Carry carry = GENERATE(Carry::none, Carry::delta, Carry::vector, Carry::attention);
  INFO(to_string(carry));
  const Material material(tiny_config(carry));
  const LoadedModel model(material.model());
  const TokenFile file(material.tokens());
  const std::vector<double> norms = gradient_by_distance(model, file, 16, 5, 3);
  REQUIRE(norms.size() == 5);
  CHECK(norms[0] == Approx(1));
  for (std::size_t i = 1; i < 5; ++i) CHECK((norms[i] > 0) == (carry != Carry::none));
}
