// Gradients that are not finite: loss scaling, skipped steps, spoilt streams, and when to give up.
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "gradients.h"
#include "model/runtime/failure.h"
#include "model/train/trainer.h"
#include "model/train/weight_update.h"
#include "training_corpus.h"

using namespace catena::model;
using namespace catena::model::test;
using catena::test::relative_error;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();

fs::path checkpoint(const TrainConfig& config) { return config.output / "checkpoint" / "training.safetensors"; }

nlohmann::json position(const TrainConfig& config) {
  return nlohmann::json::parse(SafetensorsFile(checkpoint(config)).metadata().at("position"));
}

std::string bytes(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Puts a NaN into the first number of a tensor of the checkpoint.
void poison(const TrainConfig& config, const std::string& name) {
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
  {
    const SafetensorsFile file(checkpoint(config));
    metadata = file.metadata();
    for (const auto& [key, tensor] : file.tensors()) {
      tensors.push_back({key, tensor.shape, tensor.to_float()});
      if (key == name) tensors.back().values[0] = kNaN;
    }
  }
  write_safetensors(checkpoint(config), tensors, DType::float32, metadata);
}

struct Noted {
  std::vector<std::string> lines;
  TrainObserver observer;
  Noted() {
    observer.note = [this](const std::string& line) { lines.push_back(line); };
  }
  long skipped() const {
    return std::count_if(lines.begin(), lines.end(),
                         [](const std::string& line) { return line.find("step skipped") != std::string::npos; });
  }
};

}  // namespace

TEST_CASE("the loss scale halves at an overflow and doubles after two thousand good steps, within its bounds") {
  LossScale scale(65536);
  scale.update(false);
  CHECK(scale.factor() == 32768);
  for (int i = 0; i < LossScale::kGrowthSteps - 1; ++i) scale.update(true);
  CHECK(scale.factor() == 32768);
  scale.update(true);
  CHECK(scale.factor() == 65536);
  for (int i = 0; i < LossScale::kGrowthSteps - 1; ++i) scale.update(true);
  scale.update(false);  // the count starts anew
  for (int i = 0; i < LossScale::kGrowthSteps - 1; ++i) scale.update(true);
  CHECK(scale.factor() == 32768);
  for (int i = 0; i < 100; ++i) scale.update(false);
  CHECK(scale.factor() == LossScale::kLeast);
  LossScale none(0);
  none.update(false);
  none.restore(512, 3);
  CHECK(none.factor() == 1);
}

TEST_CASE(
    "an overflow in the middle of a training is skipped: weights and optimiser stay, the scale halves, the next step "
    "is made") {
  torch::manual_seed(21);
  Parameters scaled(tiny_config(Carry::delta), torch::kCPU, torch::kFloat),
      plain(tiny_config(Carry::delta), torch::kCPU, torch::kFloat);
  scaled.initialise(3);
  plain.initialise(3);
  Optimiser scaled_optimiser(scaled, {}), plain_optimiser(plain, {});
  WeightUpdate with(1.0, 65536), without(1.0, 0);
  for (int step = 0; step < 6; ++step) {
    const torch::Tensor gradient = torch::randn_like(plain.gradients());  // far longer than the clip
    if (step == 3) {
      const torch::Tensor before = scaled.values().clone(), moment = scaled_optimiser.first_moment().clone();
      scaled.gradients().copy_(gradient);
      scaled.gradients()[5] = kInfinity;
      CHECK(with.apply(scaled, scaled_optimiser, 1e-2).skipped);
      CHECK(with.skipping());
      CHECK(with.scale().factor() == 32768);
      CHECK(torch::equal(scaled.values(), before));
      CHECK(torch::equal(scaled_optimiser.first_moment(), moment));
      CHECK(scaled_optimiser.steps() == 3);
    }
    scaled.gradients().copy_(gradient * with.scale().factor());
    plain.gradients().copy_(gradient);
    const auto a = with.apply(scaled, scaled_optimiser, 1e-2), b = without.apply(plain, plain_optimiser, 1e-2);
    CHECK_FALSE(a.skipped);
    CHECK_FALSE(with.skipping());
    CHECK(a.norm == Approx(b.norm));
  }
  CHECK(relative_error(scaled.values(), plain.values()) < 1e-6);
}

TEST_CASE("twenty steps in a row without a finite gradient end the training") {
  Parameters parameters(tiny_config(Carry::none), torch::kCPU, torch::kFloat);
  Optimiser optimiser(parameters, {});
  WeightUpdate update(1.0, 0);
  const auto spoilt = [&] {
    parameters.gradients()[0] = kNaN;
    return update.apply(parameters, optimiser, 1e-2);
  };
  for (int i = 0; i < 19; ++i) CHECK(spoilt().skipped);
  parameters.gradients().zero_();
  update.apply(parameters, optimiser, 1e-2);  // counts from here
  for (int i = 0; i < 19; ++i) spoilt();
  CHECK_THROWS_AS(spoilt(), Failure);
}

TEST_CASE("a scaled loss trains the weights that the plain one trains") {
  const Corpus corpus;
  TrainConfig plain = corpus.config("plain", Carry::delta), scaled = corpus.config("scaled", Carry::delta);
  plain.steps = scaled.steps = 10;
  scaled.loss_scale = kHalfLossScale;
  REQUIRE(train(plain, {}));
  REQUIRE(train(scaled, {}));
  CHECK(relative_error(torch::tensor(trained_values(scaled)), torch::tensor(trained_values(plain))) < 1e-5);
  CHECK(position(scaled).at("loss_scale") == nlohmann::json({65536, 10}));
}

TEST_CASE("a loss scale that overflows comes down by itself, is kept in the checkpoint, and the model learns") {
  const Corpus corpus;
  TrainConfig config = corpus.config("overflowing", Carry::linear);
  config.loss_scale = std::ldexp(1.0, 127);
  Noted noted;
  double loss = 0;
  noted.observer.progress = [&](const TrainProgress& p) { loss = p.loss; };
  REQUIRE(train(config, noted.observer));
  CHECK(noted.skipped() >= 1);
  CHECK(noted.skipped() < WeightUpdate::kMostSkipped);
  CHECK(loss < 3.5);
  const double factor = position(config).at("loss_scale").at(0);
  CHECK(factor == std::ldexp(1.0, 127 - static_cast<int>(noted.skipped())));
  config.steps += 2;
  Noted again;
  REQUIRE(train(config, again.observer));
  CHECK(again.skipped() == 0);
  CHECK(position(config).at("loss_scale").at(0).get<double>() == factor);
}

TEST_CASE("a stream whose state is not finite costs one step and is cleared") {
  const Corpus corpus;
  const Carry carry = GENERATE(Carry::delta, Carry::vector);
  TrainConfig config = corpus.config("stream-" + to_string(carry), carry);
  config.run_tokens = 1e6;  // or the stream might be cleared for another reason
  config.steps = 5;
  REQUIRE(train(config, {}));
  poison(config, "memory.0");
  config.steps = 10;
  Noted noted;
  double loss = 0;
  noted.observer.progress = [&](const TrainProgress& p) { loss = p.loss; };
  REQUIRE(train(config, noted.observer));
  CHECK(noted.skipped() == 1);
  CHECK(std::isfinite(loss));
}

TEST_CASE("weights that are not finite end the training with one line, and the checkpoint stays as it was") {
  const Corpus corpus;
  TrainConfig config = corpus.config("weights", Carry::delta);
  config.steps = 5;
  REQUIRE(train(config, {}));
  poison(config, "values");
  const std::string before = bytes(checkpoint(config)), model = bytes(config.output / "model.safetensors");
  config.checkpoint_every_s = 0;
  SECTION("after many steps") {
    config.steps = 100;
    CHECK_THROWS_WITH(train(config, {}), Catch::Contains("the last checkpoint is intact"));
  }
  SECTION("at the last step") {
    config.steps = 7;
    CHECK_THROWS_WITH(train(config, {}), Catch::Contains("the last checkpoint is intact"));
  }
  CHECK(bytes(checkpoint(config)) == before);
  CHECK(bytes(config.output / "model.safetensors") == model);
}
