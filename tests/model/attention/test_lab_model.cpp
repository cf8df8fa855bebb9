#include <fstream>
#include <random>

#include "lab_fixture.h"
#include "model/attention/lab_model.h"
#include "model/attention/memory_task.h"
#include "model/attention/recall.h"
#include "model/runtime/memory.h"
#include "model/tracker/torch_executor.h"
#include "tests/model/tracker/gradients.h"

using namespace catena::test;
using namespace catena::model;

namespace {

LabConfig lab_config(const std::string& system) {
  LabConfig config;
  config.name = "lab";
  config.vocab = 20;
  config.layers = 2;
  config.ffn = 16;
  config.mixer = small_config(system);
  return config;
}

}  // namespace

TEST_CASE("a model of any system learns to repeat") {
  for (const std::string& system : system_names()) {
    INFO(system);
    LabModel model(lab_config(system), 3);
    auto block = model.parameters().pack();
    const Tensor tokens = torch::arange(33, torch::kLong).remainder(5).unsqueeze(0);
    const auto loss_now = [&] {
      return head_loss(model.forward(model.embed(tokens.slice(1, 0, 32))), model.embedding(),
                       tokens.slice(1, 1).reshape({-1}));
    };
    const double before = loss_now().item<double>();
    for (int step = 0; step < 25; ++step) {
      block.gradients.zero_();
      loss_now().backward();
      block.values.sub_(block.gradients / (block.gradients.norm() + 1e-6), 0.2);
    }
    CHECK(loss_now().item<double>() < 0.5 * before);
  }
}

TEST_CASE("activation checkpointing: the same gradients with less memory at the peak, for every system") {
  count_torch_memory();
  for (const std::string& system : system_names()) {
    INFO(system);
    LabConfig config = lab_config(system);
    config.layers = 4;
    LabModel model(config, 3);
    auto block = model.parameters().pack();
    torch::manual_seed(8);
    const Tensor tokens = torch::randint(20, {4, 65}, torch::kLong);
    const auto way_back = [&](bool recompute) {
      block.gradients.zero_();
      reset_memory_peak();
      const std::size_t held = memory_counters().bytes_now;
      head_loss(model.forward(model.embed(tokens.slice(1, 0, 64)), recompute), model.embedding(),
                tokens.slice(1, 1).reshape({-1}))
          .backward();
      return std::pair{block.gradients.clone(), memory_counters().bytes_peak - held};
    };
    const auto [kept, kept_bytes] = way_back(false);
    const auto [again, again_bytes] = way_back(true);
    CHECK(relative_error(again, kept) < 1e-5);
    CHECK(static_cast<double>(again_bytes) < 0.75 * static_cast<double>(kept_bytes));
  }
}

TEST_CASE("a streaming model says the same token by token, whatever the split") {
  for (const std::string& system : system_names()) {
    LabModel model(lab_config(system), 3);
    if (!model.streams()) continue;
    INFO(system);
    torch::manual_seed(9);
    const torch::NoGradGuard no_grad;
    const Tensor x = model.embed(torch::randint(20, {2, 30}, torch::kLong));
    const Tensor whole = model.forward(x).view({2, 30, 8});
    std::vector<MixerState> state = model.initial_state(2);
    const Tensor first = model.step(x.slice(1, 0, 11), state).view({2, 11, 8});
    const Tensor second = model.step(x.slice(1, 11), state).view({2, 19, 8});
    CHECK(relative_error(torch::cat({first, second}, 1), whole) < 1e-4);
  }
}

TEST_CASE("a packed parameter set holds the same numbers, matrices first") {
  LabModel model(lab_config("delta"), 3);
  std::vector<Tensor> before;
  for (const auto& [name, tensor] : model.parameters().all()) before.push_back(tensor.detach().clone());
  const auto block = model.parameters().pack();
  std::size_t i = 0;
  std::int64_t matrices = 0;
  for (const auto& [name, tensor] : model.parameters().all()) {
    CHECK(tensor.equal(before[i++]));
    CHECK(tensor.requires_grad());
    if (tensor.dim() == 2) matrices += tensor.numel();
  }
  CHECK(block.decayed == matrices);
  CHECK(block.values.numel() == model.parameters().count());
  model.forward(model.embed(torch::zeros({1, 9}, torch::kLong))).sum().backward();
  CHECK(block.gradients.norm().item<float>() > 0);
}

TEST_CASE("a lab model file keeps its settings; a wrong one is refused in one line that names file and key") {
  const catena::model::test::TemporaryFolder folder;
  const auto file = folder.path() / "model.json";
  LabConfig config = lab_config("linformer");
  config.mixer.rank = 5;
  config.save(file);
  CHECK(LabConfig::is_in(file));
  const LabConfig loaded = LabConfig::load(file);
  CHECK(loaded.mixer.system == "linformer");
  CHECK(loaded.mixer.rank == 5);
  CHECK(loaded.vocab == 20);
  std::ofstream(file)
      << R"({"name": "x", "system": "block", "vocab": 20, "width": 8, "layers": 0, "heads": 2, "ffn": 16})";
  CHECK_THROWS_WITH(LabConfig::load(file), Catch::Contains("model.json: 'layers' must be from 1 to 256"));
  std::ofstream(file) << R"({"name": "x", "vocab": 20})";
  CHECK_FALSE(LabConfig::is_in(file));
}

TEST_CASE("a memory task asks for each pair's value behind the noise") {
  MemoryTask task;
  task.kind = GENERATE(MemoryTask::Kind::recall, MemoryTask::Kind::copy);
  std::mt19937_64 random(4);
  const MemoryBatch batch = draw(task, 5, 3, random);
  REQUIRE(batch.tokens.sizes() == torch::IntArrayRef({3, 21, 2}));
  const std::int64_t nothing = task.vocab() - 1;
  for (std::int64_t b = 0; b < 3; ++b) {
    for (std::int64_t i = 0; i < 8; ++i) {
      const Tensor asked = batch.tokens[b][13 + i];
      CHECK(asked[1].item<std::int64_t>() == nothing);
      int found = 0;
      for (std::int64_t j = 0; j < 8; ++j) {
        const Tensor pair = batch.tokens[b][j];
        if (!pair[0].equal(asked[0])) continue;
        ++found;
        CHECK(pair[1].equal(batch.answers[b][i]));
        if (task.kind == MemoryTask::Kind::copy) CHECK(j == i);
      }
      CHECK(found == 1);
    }
    CHECK(batch.tokens[b].slice(0, 8, 13).select(1, 0).min().item<std::int64_t>() >= task.keys + task.values);
  }
  task.pairs = 33;
  CHECK_THAT(message_of([&] { draw(task, 5, 3, random); }), Catch::Contains("33 pairs, more than the 32 keys"));
}

TEST_CASE("what sees everything learns to recall, what sees only its block does not") {
  RecallPlan plan;
  plan.mixer = small_config("attention");
  plan.mixer.width = 32;
  plan.mixer.heads = 2;
  plan.mixer.chunk = 8;
  plan.pairs = 2;
  plan.ffn = 32;
  plan.batch = 16;
  plan.steps = 300;
  plan.learning_rate = 1e-2;
  plan.trained = plan.distances = {14};
  plan.asked = 64;
  const RecallResult attention = train_to_recall(plan);
  CHECK(attention.points[0].accuracy > 0.8);
  plan.mixer.system = "block";
  const RecallResult block = train_to_recall(plan);
  CHECK(block.points[0].accuracy < 0.3);
  CHECK(block.state_bytes < attention.state_bytes);
}
