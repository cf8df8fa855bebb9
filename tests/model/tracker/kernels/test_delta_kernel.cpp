#include "kernel_device.h"
#include "model/tracker/delta_rule.h"

using namespace catena::test;
using namespace catena::model;
using torch::Tensor;

namespace {

struct Shape {
  std::int64_t heads, tokens, width, value_width;
};

Tensor unit(const Tensor& x) { return x / x.norm(2, -1, true); }

Inputs random_inputs(const Shape& s) {
  const auto random = [&](std::int64_t width) { return torch::randn({s.heads, s.tokens, width}); };
  return {unit(random(s.width)),
          unit(random(s.width)),
          random(s.value_width),
          -torch::rand({s.heads, s.tokens}) * 0.3,
          torch::rand({s.heads, s.tokens}) * 0.9 + 0.05,
          torch::randn({s.heads, s.width, s.value_width})};
}

DeltaInputs bundle(const Inputs& x, bool corrected, std::int64_t truncate) {
  return {x[0], x[1], x[2], x[3], x[4], x[5], corrected, truncate};
}

Tensor joined(const DeltaOutputs& y) { return torch::cat({y.first.flatten(), y.second.flatten()}).to(torch::kCPU); }

Function kernel(bool corrected = true, std::int64_t truncate = 0) {
  return [=](const Inputs& x) { return joined(delta_rule_kernel(bundle(on_device(x), corrected, truncate))); };
}
Function definition(bool corrected = true, std::int64_t truncate = 0) {
  return [=](const Inputs& x) { return joined(delta_rule_recurrent(bundle(x, corrected, truncate))); };
}

}  // namespace

TEST_CASE(
    "delta kernel equals the recurrent form: outputs, state, all gradients, any length, with and without correction") {
  if (!device_at_hand()) return;
  torch::manual_seed(1);
  const bool corrected = GENERATE(true, false);
  for (const Shape& s : {Shape{1, 1, 32, 32}, Shape{2, 63, 32, 32}, Shape{1, 64, 64, 64}, Shape{3, 65, 64, 64},
                         Shape{1, 150, 32, 64}, Shape{1, 70, 128, 128}}) {
    INFO("heads " << s.heads << ", tokens " << s.tokens << ", widths " << s.width << " and " << s.value_width
                  << ", corrected " << corrected);
    in_both_orders([&] { check_same(kernel(corrected), definition(corrected), random_inputs(s), 2e-6); });
  }
}

TEST_CASE("delta kernel: gates near 0 and 1, strong decay, equal keys") {
  if (!device_at_hand()) return;
  torch::manual_seed(2);
  Inputs x = random_inputs({2, 130, 32, 32});
  SECTION("nothing is written, nothing forgotten") {
    x[3] = torch::full({2, 130}, -1e-7F);
    x[4] = torch::full({2, 130}, 1e-7F);
  }
  SECTION("everything is written, nothing forgotten") {
    x[3] = torch::zeros({2, 130});
    x[4] = torch::ones({2, 130});
  }
  SECTION("decay of e^-20 a token") { x[3] = torch::full({2, 130}, -20.0F); }
  SECTION("gates that jump") {
    x[3] = torch::where(torch::rand({2, 130}) < 0.1, torch::tensor(-30.0F), torch::tensor(-1e-4F));
    x[4] = (torch::rand({2, 130}) < 0.5).to(torch::kFloat);
  }
  SECTION("one key for all, full importance") {
    x[1] = x[1].slice(1, 0, 1).expand_as(x[1]).contiguous();
    x[3] = torch::zeros({2, 130});
    x[4] = torch::ones({2, 130});
  }
  const Tensor y = kernel()(x);
  CHECK(torch::isfinite(y).all().item<bool>());
  check_same(kernel(), definition(), x, 3e-5);
}

TEST_CASE("delta kernel: two segments with the state and its gradient handed over equal one") {
  if (!device_at_hand()) return;
  torch::manual_seed(3);
  const auto in_two = [](const Inputs& x) {
    Inputs first, second;
    for (std::size_t i = 0; i < 5; ++i) {
      first.push_back(x[i].slice(1, 0, 37));
      second.push_back(x[i].slice(1, 37));
    }
    first.push_back(x[5]);
    const DeltaOutputs a = delta_rule_kernel(bundle(on_device(first), true, 0));
    second.push_back(a.second);
    const DeltaOutputs b = delta_rule_kernel(bundle(on_device(second), true, 0));
    return joined({torch::cat({a.first, b.first}, 1), b.second});
  };
  check_same(in_two, definition(), random_inputs({2, 100, 32, 32}), 2e-6);
}

TEST_CASE("delta kernel: no gradient reaches back over a cut") {
  if (!device_at_hand()) return;
  torch::manual_seed(4);
  const std::int64_t truncate = GENERATE(16, 48, 128);
  INFO("every " << truncate << " tokens");
  check_same(kernel(true, truncate), definition(true, truncate), random_inputs({1, 150, 32, 32}), 2e-6);
}

TEST_CASE("delta kernel: takes what it was compiled for") {
  const auto takes = [](std::int64_t width, std::int64_t values, torch::ScalarType type) {
    return delta_kernel_takes(torch::zeros({2, 5, values}, type), width);
  };
  CHECK(takes(32, 32, torch::kFloat));
  CHECK(takes(64, 128, torch::kFloat));
  CHECK(takes(128, 32, torch::kFloat));
  CHECK_FALSE(takes(48, 48, torch::kFloat));
  CHECK_FALSE(takes(64, 48, torch::kFloat));
  CHECK_FALSE(takes(64, 64, torch::kBFloat16));
}
