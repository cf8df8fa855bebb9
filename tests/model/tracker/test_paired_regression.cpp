#include <cmath>

#include "gradients.h"
#include "model/tracker/paired_regression.h"

using namespace catena::model;
using torch::Tensor;

namespace {

/// d = 1 and attention that returns its input: everything can be followed by hand.
PairedRegressionWeights scalar_weights() {
  PairedRegressionWeights weights;
  weights.regression_weight = torch::full({1, 1}, 2.0F);
  weights.regression_bias = torch::full({1}, 0.5F);
  weights.norm_weight = torch::ones({1});
  weights.norm_bias = torch::full({1}, 0.25F);
  weights.summary_weight = torch::full({1, 1}, 3.0F);
  weights.summary_bias = torch::full({1}, -1.0F);
  return weights;
}

const ChunkAttention identity = [](const Tensor& x) { return x; };

}  // namespace

TEST_CASE(
    "paired regression by hand: r reaches every token of the next chunk, z is the mean's, r is normalised every second "
    "chunk") {
  const Tensor x = torch::tensor({0.1F, -0.2F, 0.3F, 0.4F, 0.5F}).view({1, 5, 1});
  const PairedRegression result = paired_regression(x, torch::zeros({1, 1}), 2, 0, identity, scalar_weights());

  const double r0 = std::tanh(2 * -0.2 + 0.5);
  const double r1 = 0.25;  // layer normalisation of a single number is its bias
  const double last = 0.5 + r1;
  const double r2 = std::tanh(2 * last + 0.5) + 0.3 * r1;
  REQUIRE(result.regressions.sizes() == at::IntArrayRef({1, 3, 1}));
  CHECK(result.regressions[0][0].item<double>() == Approx(r0));
  CHECK(result.regressions[0][1].item<double>() == Approx(r1).margin(1e-4));  // the library rounds
  CHECK(result.regressions[0][2].item<double>() == Approx(r2).margin(1e-4));
  CHECK(result.outputs[0][2].item<double>() == Approx(0.3 + r0));
  CHECK(result.outputs[0][3].item<double>() == Approx(0.4 + r0));
  CHECK(result.outputs[0][4].item<double>() == Approx(last).margin(1e-4));
  CHECK(result.summary.item<double>() == Approx(3 * last - 1).margin(1e-3));
}

TEST_CASE("the share of the previous r carries no gradient") {
  PairedRegressionWeights weights = scalar_weights();
  Tensor r = torch::full({1, 1}, 0.5F).requires_grad_();
  const Tensor y = torch::full({1, 1}, 0.1F).requires_grad_();
  next_regression(y, r, 0, weights).sum().backward();
  CHECK_FALSE(r.grad().defined());
  CHECK(y.grad().item<double>() == Approx(2 * (1 - std::pow(std::tanh(0.7), 2))));
}

TEST_CASE("a stream handed over at a boundary goes on as if never cut") {
  torch::manual_seed(11);
  const int d = 6;
  PairedRegressionWeights weights;
  weights.regression_weight = torch::randn({d, d});
  weights.regression_bias = torch::randn({d});
  weights.norm_weight = torch::rand({d});
  weights.norm_bias = torch::randn({d});
  const Tensor x = torch::randn({2, 20, d});
  const PairedRegression whole = paired_regression(x, torch::zeros({2, d}), 4, 0, identity, weights);
  const PairedRegression first = paired_regression(x.slice(1, 0, 12), torch::zeros({2, d}), 4, 0, identity, weights);
  const PairedRegression second =
      paired_regression(x.slice(1, 12), first.regressions.select(1, -1), 4, 3, identity, weights);
  CHECK(torch::equal(torch::cat({first.outputs, second.outputs}, 1), whole.outputs));
  CHECK(torch::equal(torch::cat({first.regressions, second.regressions}, 1), whole.regressions));
  CHECK_FALSE(whole.summary.defined());
}
