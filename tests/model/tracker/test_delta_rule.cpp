#include <tuple>

#include "gradients.h"
#include "model/tracker/delta_rule.h"

using catena::test::check_same;
using catena::test::Inputs;
using catena::test::relative_error;
using namespace catena::model;
using torch::Tensor;

namespace {

Inputs random_inputs(int n, int t, int d) {
  const auto unit = [](const Tensor& x) { return x / x.norm(2, -1, true); };
  return {unit(torch::randn({n, t, d})), unit(torch::randn({n, t, d})),           torch::randn({n, t, d}),
          -torch::rand({n, t}) * 0.3,    torch::rand({n, t}) * 0.9 + 0.05, torch::randn({n, d, d})};
}

DeltaInputs bundle(const Inputs& x, bool corrected = true) { return {x[0], x[1], x[2], x[3], x[4], x[5], corrected}; }

Tensor joined(const DeltaOutputs& y) { return torch::cat({y.first.flatten(), y.second.flatten()}); }

}  // namespace

TEST_CASE("the recurrent form is the definition, by hand") {
  // D = 1, k = q = 1: S <- a S; S <- S + b (v - S).
  const auto column = [](std::initializer_list<float> x) { return torch::tensor(std::vector<float>(x)).view({1, -1}); };
  DeltaInputs in;
  in.q = in.k = torch::ones({1, 2, 1});
  in.v = torch::tensor({4.0F, 2.0F}).view({1, 2, 1});
  in.log_a = column({0.0F, std::log(0.5F)});
  in.b = column({0.5F, 1.0F});
  in.state = torch::full({1, 1, 1}, 2.0F);
  const auto [o, s] = delta_rule_recurrent(in);
  CHECK(o[0][0][0].item<float>() == Approx(3.0F));  // 2 + 0.5 (4 - 2)
  CHECK(o[0][1][0].item<float>() == Approx(2.0F));  // 1.5 + 1 (2 - 1.5)
  CHECK(s.item<float>() == Approx(2.0F));
}

TEST_CASE("chunk-parallel form equals the recurrent form, outputs, state and all gradients, for any length") {
  torch::manual_seed(7);
  const bool corrected = GENERATE(true, false);
  for (const int t : {1, 63, 64, 65, 150}) {
    INFO("length " << t << ", corrected " << corrected);
    check_same([&](const Inputs& x) { return joined(delta_rule_chunked(bundle(x, corrected))); },
               [&](const Inputs& x) { return joined(delta_rule_recurrent(bundle(x, corrected))); },
               random_inputs(3, t, 16), 3e-5);
  }
}

TEST_CASE("two segments with the state handed over equal one") {
  torch::manual_seed(8);
  const Inputs x = random_inputs(2, 100, 8);
  const DeltaOutputs whole = delta_rule_chunked(bundle(x));
  Inputs first, second;
  for (int i = 0; i < 5; ++i) {
    first.push_back(x[static_cast<std::size_t>(i)].slice(1, 0, 37));
    second.push_back(x[static_cast<std::size_t>(i)].slice(1, 37));
  }
  first.push_back(x[5]);
  const DeltaOutputs a = delta_rule_chunked(bundle(first));
  second.push_back(a.second);
  const DeltaOutputs b = delta_rule_chunked(bundle(second));
  CHECK(relative_error(torch::cat({a.first, b.first}, 1), whole.first) < 1e-5);
  CHECK(relative_error(b.second, whole.second) < 1e-5);
}

TEST_CASE("strong decay and equal keys neither overflow nor lose the definition") {
  torch::manual_seed(9);
  Inputs x = random_inputs(2, 128, 16);
  SECTION("decay of e^-20 a token") { x[3] = torch::full({2, 128}, -20.0F); }
  SECTION("one key for all, full importance") {
    x[1] = x[1].slice(1, 0, 1).expand_as(x[1]).contiguous();
    x[4] = torch::full({2, 128}, 1.0F);
    x[3] = torch::zeros({2, 128});
  }
  const Tensor y = joined(delta_rule_chunked(bundle(x)));
  CHECK(torch::isfinite(y).all().item<bool>());
  CHECK(relative_error(y, joined(delta_rule_recurrent(bundle(x)))) < 1e-4);
}

TEST_CASE(
    "the fused rule equals the recurrent form of unit vectors, outputs, state and all gradients, in a layer's order") {
  torch::manual_seed(16);
  const bool corrected = GENERATE(true, false);
  const auto [t, d, truncate] =
      GENERATE(std::tuple{1, 16, 0}, std::tuple{63, 4, 0}, std::tuple{65, 20, 0}, std::tuple{150, 64, 0},
               std::tuple{150, 16, 32}, std::tuple{90, 8, 20}, std::tuple{130, 16, 100});
  INFO("length " << t << ", width " << d << ", cut every " << truncate << ", corrected " << corrected);
  const std::int64_t batch = 2, heads = 3;
  const Inputs inputs = {torch::randn({batch, t, 3, heads, d}), -torch::rand({batch, t, heads}) * 0.3,
                         torch::rand({batch, t, heads}) * 0.9 + 0.05, torch::randn({batch * heads, d, d})};
  REQUIRE(fuses_delta_rule(inputs[0]));
  const auto definition = [&](const Inputs& x) {
    const auto flat = [&](const Tensor& y) { return y.transpose(1, 2).flatten(0, 1); };
    const auto unit = [](const Tensor& y) { return y / (y.square().sum(-1, true) + 1e-6).sqrt(); };
    const auto [o, state] =
        delta_rule_recurrent({unit(flat(x[0].select(2, 0))), unit(flat(x[0].select(2, 1))), flat(x[0].select(2, 2)),
                              flat(x[1]), flat(x[2]), x[3], corrected, truncate});
    return joined({o.view({batch, heads, t, d}).transpose(1, 2), state});
  };
  check_same([&](const Inputs& x) { return joined(fused_delta_rule(x[0], x[1], x[2], x[3], corrected, truncate)); },
             definition, inputs, 3e-5);
}

TEST_CASE("the fused rule neither overflows nor loses the definition under strong decay and equal keys") {
  torch::manual_seed(17);
  Tensor qkv = torch::randn({2, 128, 3, 2, 16}), log_a = torch::zeros({2, 128, 2});
  SECTION("decay of e^-20 a token") { log_a.fill_(-20.0F); }
  SECTION("one key for all, full importance") {
    qkv.select(2, 1).copy_(qkv.select(2, 1).slice(1, 0, 1).clone().expand({2, 128, 2, 16}));
  }
  const Tensor b = torch::ones({2, 128, 2}), state = torch::randn({4, 16, 16});
  const auto rule = [&](torch::ScalarType type, Tensor& gradient) {
    const auto flat = [&](const Tensor& y) { return y.transpose(1, 2).flatten(0, 1).to(type); };
    const auto unit = [](const Tensor& y) { return y / (y.square().sum(-1, true) + 1e-6).sqrt(); };
    const Tensor x = qkv.detach().to(type).requires_grad_();
    const DeltaOutputs y = type == torch::kFloat
                               ? fused_delta_rule(x, log_a, b, state, true, 0)
                               : delta_rule_recurrent({unit(flat(x.select(2, 0))), unit(flat(x.select(2, 1))),
                                                       flat(x.select(2, 2)), flat(log_a), flat(b), state.to(type)});
    y.second.sum().backward();
    gradient = x.grad();
    return y.second.detach();
  };
  Tensor gradient, expected_gradient;
  CHECK(relative_error(rule(torch::kFloat, gradient), rule(torch::kDouble, expected_gradient)) < 1e-4);
  CHECK(torch::isfinite(gradient).all().item<bool>());
  CHECK(relative_error(gradient, expected_gradient) < 1e-3);
}
