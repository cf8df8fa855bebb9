#include <filesystem>
#include <fstream>
#include <torch/optim/adamw.h>

#include "gradients.h"
#include "model/runtime/safetensors.h"
#include "model/text/token_file.h"
#include "model/tracker/adamw.h"
#include "model/train/trainer.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;
namespace fs = std::filesystem;

namespace {

/// A folder with a periodic corpus, which a small model learns in a few steps.
class Corpus {
 public:
  Corpus() : folder_(fs::temp_directory_path() / ("catena-training-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    TokenFileWriter writer(folder_ / "corpus.tokens", 1, std::vector<std::uint16_t>(96, 1));
    std::vector<Token> tokens;
    for (int i = 0; i < 4000; ++i) tokens.push_back(static_cast<Token>((i * 7) % 17));
    writer.append(tokens);
    writer.finish();
  }
  ~Corpus() { fs::remove_all(folder_); }
  fs::path folder() const { return folder_; }

  TrainConfig config(const std::string& output, Carry carry) const {
    TrainConfig config;
    config.model = tiny_config(carry);
    config.train = {{{}, folder_ / "corpus.tokens", 1}};
    config.heldout = {{{}, folder_ / "corpus.tokens", 1}};
    config.output = folder_ / output;
    config.batch = 2;
    config.segment = 64;
    config.chunk_lengths = {16, 32};
    config.run_tokens = 256;
    config.steps = 40;
    config.warmup_steps = 4;
    config.learning_rate = 1e-2;
    config.threads = 1;
    config.precision = Precision::float32;
    config.save_precision = Precision::float32;
    config.evaluate_every = 1000;
    config.evaluate_tokens = 512;
    return config;
  }

 private:
  fs::path folder_;
};

std::vector<float> trained_values(const TrainConfig& config) {
  std::vector<float> all;
  const SafetensorsFile file(config.output / "model.safetensors");
  for (const auto& [name, tensor] : file.tensors()) {
    const std::vector<float> values = tensor.to_float();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace

TEST_CASE("AdamW makes LibTorch's steps") {
  torch::manual_seed(12);
  torch::Tensor values = torch::randn({10}), gradients = torch::randn({10});
  torch::Tensor reference = values.clone().requires_grad_();
  torch::optim::AdamW optimiser({reference}, torch::optim::AdamWOptions(1e-2).betas({0.9, 0.95}).weight_decay(0.1));
  AdamW ours(values, {});
  for (int i = 0; i < 5; ++i) {
    reference.mutable_grad() = gradients.clone();
    optimiser.step();
    ours.step(values, gradients, 10, 1e-2);
    gradients = gradients * 0.7 + 0.1;
  }
  CHECK(catena::test::relative_error(values, reference) < 1e-6);
}

TEST_CASE("the learning rate warms up and falls to its last share along a cosine") {
  TrainConfig config;
  config.steps = 110;
  config.warmup_steps = 10;
  config.learning_rate = 1;
  config.final_learning_rate = 0.1;
  CHECK(learning_rate_at(config, 0) == Approx(0.1));
  CHECK(learning_rate_at(config, 9) == Approx(1.0));
  CHECK(learning_rate_at(config, 60) == Approx(0.55));
  CHECK(learning_rate_at(config, 110) == Approx(0.1));
}

TEST_CASE("training learns a periodic stream, for every carry") {
  const Corpus corpus;
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  TrainConfig config = corpus.config("learns-" + to_string(carry), carry);
  double loss = 0;
  std::vector<Evaluation> evaluations;
  TrainObserver observer;
  observer.progress = [&](const TrainProgress& p) { loss = p.loss; };
  observer.evaluated = [&](std::int64_t, const std::vector<Evaluation>& e) { evaluations = e; };
  REQUIRE(train(config, observer));
  REQUIRE(evaluations.size() == 1);
  CHECK(evaluations[0].from(0).nats_per_token() < 2.2);  // ln 96 = 4.6 at the start; ln 17 = 2.8 without context
}

TEST_CASE("bfloat16 compute trains too") {
  const Corpus corpus;
  TrainConfig config = corpus.config("half", Carry::delta);
  config.precision = Precision::bfloat16;
  double loss = 0;
  TrainObserver observer;
  observer.progress = [&](const TrainProgress& p) { loss = p.loss; };
  REQUIRE(train(config, observer));
  CHECK(std::isfinite(loss));
  CHECK(loss < 3.0);
}

TEST_CASE("a run that was stopped goes on as if it had not been") {
  const Corpus corpus;
  TrainConfig whole = corpus.config("whole", Carry::delta), parts = corpus.config("parts", Carry::delta);
  REQUIRE(train(whole, {}));

  std::atomic<bool> stop{false};
  TrainObserver observer;
  observer.stop = &stop;
  int evaluations = 0;
  parts.evaluate_every = 13;  // stop in the middle of a stream's run, at a step that is no round number
  observer.evaluated = [&](std::int64_t, const std::vector<Evaluation>&) { stop = ++evaluations == 1; };
  CHECK_FALSE(train(parts, observer));
  bool resumed = false;
  observer.evaluated = nullptr;
  observer.note = [&](const std::string& line) { resumed = resumed || line == "resumed at step 13"; };
  stop = false;
  REQUIRE(train(parts, observer));
  CHECK(resumed);
  CHECK(trained_values(parts) == trained_values(whole));
}

TEST_CASE("a checkpoint of another model is refused with one line") {
  const Corpus corpus;
  TrainConfig config = corpus.config("refused", Carry::delta);
  config.steps = 2;
  REQUIRE(train(config, {}));
  config.model = tiny_config(Carry::none);
  CHECK_THROWS_WITH(train(config, {}), Catch::Contains("does not fit this training"));
}

TEST_CASE("a broken training config is refused with the name of the key") {
  const Corpus corpus;
  const fs::path file = corpus.folder() / "config.json";
  tiny_config(Carry::delta).save(corpus.folder() / "model.json");
  const auto load = [&](const std::string& text) {
    std::ofstream(file) << text;
    return TrainConfig::load(file);
  };
  const std::string rest = R"("output": "out", "train": [{"tokens": "corpus.tokens"}], "heldout": [], )";
  CHECK_THROWS_WITH(load("{"), Catch::Contains("is not JSON"));
  CHECK_THROWS_WITH(load("{" + rest + R"("steps": 5})"), Catch::Contains("'model' is missing"));
  CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": 0})"), Catch::Contains("'steps' must be"));
  CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": 5, "segment": 100})"), Catch::Contains("'segment' must be"));
  CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": 5, "device": "tpu"})"), Catch::Contains("'device' must be one of cpu, cuda"));
  CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": "x"})"), Catch::Contains("'steps' has the wrong type"));
  CHECK(load(R"({"model": "model.json", )" + rest + R"("steps": 5})").steps == 5);
  CHECK_THROWS_WITH(TrainConfig::load(corpus.folder() / "nothing.json"), Catch::Contains("cannot be opened"));
}
