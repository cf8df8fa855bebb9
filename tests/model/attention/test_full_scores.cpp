// The Transformer that published figures are against is the tracker's own in every number, and takes more memory.
#include "lab_fixture.h"
#include "model/attention/bill.h"
#include "model/attention/full_scores.h"
#include "model/tracker/torch_executor.h"
#include "model/tracker/tracker.h"
#include "tests/model/tiny_model.h"
#include "tests/model/tracker/gradients.h"

using namespace catena::test;
using namespace catena::model;

TEST_CASE("attention with full scores has the loss and the gradients of attention one stream at a time") {
  const ModelConfig config = catena::model::test::tiny_config(Carry::attention);
  Parameters parameters(config, torch::kCPU, torch::kFloat);
  parameters.initialise(5);
  torch::manual_seed(6);
  const Tensor tokens = torch::randint(config.vocab, {3, 38}, torch::kLong);
  const auto way_back = [&](const auto& forward) {
    parameters.gradients().zero_();
    const Tensor loss =
        head_loss(forward(tokens.slice(1, 0, 37)), parameters["embed.weight"], tokens.slice(1, 1).reshape({-1}));
    loss.backward();
    return std::pair{loss.item<double>(), parameters.gradients().clone()};
  };
  const Tracker tracker(parameters);
  const auto [expected, expected_gradients] = way_back([&](const Tensor& x) {
    SegmentState state = tracker.initial_state(3);
    return tracker.forward(x, 16, state);
  });
  const FullScoresTransformer full(parameters, 37);
  const auto [loss, gradients] = way_back([&](const Tensor& x) { return full.forward(x); });
  CHECK(loss == Approx(expected).epsilon(1e-6));
  CHECK(expected_gradients.abs().sum().item<float>() > 0);
  CHECK(relative_error(gradients, expected_gradients) < 1e-5);
}

TEST_CASE("attention with full scores holds four squares of scores of the batch at its peak, of two layers") {
  count_torch_memory();
  ModelConfig config = catena::model::test::tiny_config(Carry::attention);
  config.layers = 2;
  const auto peak = [&](std::int64_t batch) {
    return static_cast<double>(
        full_scores_training_cost(config, {.batch = batch, .segment = 256, .steps = 1}).peak_bytes);
  };
  const double square = 4.0 * static_cast<double>(config.heads) * 256 * 256, a_stream = (peak(8) - peak(4)) / 4;
  CHECK(a_stream > 4 * square);
  CHECK(a_stream < 6 * square);  // with queries, keys, values and feed-forward layers
  const auto lean = [&](std::int64_t batch) {
    return static_cast<double>(
        training_cost(config, {.batch = batch, .segment = 256, .chunk = 16, .steps = 1}).peak_bytes);
  };
  CHECK((lean(8) - lean(4)) / 4 < 0.8 * a_stream);
}

TEST_CASE("full scores' memory grows with the square of the length, fused and block attention's with the length") {
  count_torch_memory();
  const auto growth = [](Carry carry, const auto& cost) {
    ModelConfig config = catena::model::test::tiny_config(carry);
    config.heads = 1;
    const auto peak = [&](std::int64_t length) {
      return static_cast<double>(
          cost(config, StepShape{.batch = 1, .segment = length, .chunk = 32, .steps = 1}).peak_bytes);
    };
    return peak(2048) / peak(512);
  };
  CHECK(growth(Carry::attention, full_scores_training_cost) > 8);
  CHECK(growth(Carry::attention, training_cost) < 6);
  CHECK(growth(Carry::none, training_cost) < 6);
}

TEST_CASE("attention with full scores refuses the weights of another model in one line") {
  const Parameters parameters(catena::model::test::tiny_config(Carry::delta), torch::kCPU, torch::kFloat);
  CHECK_THAT(message_of([&] { FullScoresTransformer(parameters, 16); }),
             Catch::Contains("carry 'attention', not 'delta'") && !Catch::Contains("\n"));
}
