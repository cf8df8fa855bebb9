// Compares a function and its gradients with another definition of the same function.
#pragma once

#include <torch/types.h>

#include <catch2/catch.hpp>
#include <functional>
#include <vector>

namespace catena::test {

using Inputs = std::vector<torch::Tensor>;
using Function = std::function<torch::Tensor(const Inputs&)>;

inline double relative_error(const torch::Tensor& a, const torch::Tensor& b) {
  const torch::Tensor x = a.to(torch::kDouble), y = b.to(torch::kDouble);
  return ((x - y).norm() / (y.norm() + 1e-12)).item<double>();
}

/// Value and gradients of `fast` (float32) against `definition` (evaluated in float64), for a random direction of the
/// output.
inline void check_same(const Function& fast, const Function& definition, const Inputs& inputs,
                       double tolerance = 1e-5) {
  Inputs x, reference;
  for (const torch::Tensor& input : inputs) {
    x.push_back(input.detach().clone().requires_grad_());
    reference.push_back(input.detach().to(torch::kDouble).requires_grad_());
  }
  const torch::Tensor y = fast(x), expected = definition(reference);
  REQUIRE(y.sizes() == expected.sizes());
  CHECK(relative_error(y, expected) < tolerance);
  const torch::Tensor direction = torch::randn(expected.sizes(), torch::kDouble);
  (y.to(torch::kDouble) * direction).sum().backward();
  (expected * direction).sum().backward();
  for (std::size_t i = 0; i < x.size(); ++i) {
    INFO("gradient of input " << i);
    if (!reference[i].grad().defined()) {
      CHECK(!x[i].grad().defined());
      continue;
    }
    REQUIRE(x[i].grad().defined());
    CHECK(relative_error(x[i].grad(), reference[i].grad()) < 10 * tolerance);
  }
}

}  // namespace catena::test
