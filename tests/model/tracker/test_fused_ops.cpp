#include "gradients.h"
#include "model/tracker/fused_ops.h"
#include "onednn.h"

using catena::test::check_same;
using catena::test::Inputs;
using catena::test::relative_error;
using namespace catena::model;
using torch::Tensor;

TEST_CASE("rms_norm equals its formula, with gradients, for odd sizes") {
  torch::manual_seed(1);
  for (const auto& [n, d] : std::vector<std::pair<int, int>>{{1, 3}, {3, 7}, {17, 256}}) {
    check_same([](const Inputs& x) { return rms_norm(x[0], x[1], 1e-5, torch::kFloat); },
               [](const Inputs& x) { return x[0] / (x[0].square().mean(-1, true) + 1e-5).sqrt() * x[1]; },
               {torch::randn({n, d}), torch::rand({d}) + 0.5});
  }
}

TEST_CASE("rms_norm in bfloat16 is the rounded float32 result") {
  const Tensor x = torch::randn({9, 64}), w = torch::rand({64});
  const Tensor y = rms_norm(x, w, 1e-5, torch::kBFloat16);
  CHECK(y.scalar_type() == torch::kBFloat16);
  CHECK(relative_error(y, rms_norm(x, w, 1e-5, torch::kFloat)) < 4e-3);
}

TEST_CASE("swiglu equals its formula, with gradients") {
  torch::manual_seed(2);
  check_same([](const Inputs& x) { return swiglu(x[0]); },
             [](const Inputs& x) {
               const auto parts = x[0].chunk(2, -1);
               return torch::silu(parts[0]) * parts[1];
             },
             {torch::randn({13, 2 * 11})});
}

TEST_CASE("normed_linear equals its formula, with gradients, also when the rows are more than a block") {
  torch::manual_seed(20);
  for (const int n : {1, 7, 513}) {
    INFO(n << " rows");
    check_same(
        [](const Inputs& x) {
          return normed_linear(x[0], x[1], {x[2], x[2].detach()}, 1e-5);
        },
        [](const Inputs& x) { return (x[0] / (x[0].square().mean(-1, true) + 1e-5).sqrt() * x[1]).mm(x[2].t()); },
        {torch::randn({n, 6}), torch::rand({6}) + 0.5, torch::randn({9, 6})});
  }
}

TEST_CASE(
    "feed_forward equals its formula, with gradients, also when the rows are more than a block or some of what it adds "
    "is dropped") {
  torch::manual_seed(16);
  const int d = 6, f = 5;
  for (const int n : {1, 7, 513}) {
    for (const bool dropped : {false, true}) {
      INFO(n << " rows");
      const Tensor keep = dropped ? torch::dropout(torch::ones({n, d}), 0.3, true) : Tensor();
      check_same(
          [&](const Inputs& x) {
            const MasterWeight in{x[3], x[3].detach()}, out{x[4], x[4].detach()};
            return feed_forward(x[0], x[1], x[2], in, out, 1e-5, keep);
          },
          [&](const Inputs& x) {
            const Tensor y = x[0] + x[1], normed = y / (y.square().mean(-1, true) + 1e-5).sqrt() * x[2];
            const auto parts = normed.mm(x[3].t()).chunk(2, -1);
            const Tensor added = (torch::silu(parts[0]) * parts[1]).mm(x[4].t());
            return y + (dropped ? added * keep : added);
          },
          {torch::randn({n, d}), torch::randn({n, d}), torch::rand({d}) + 0.5, torch::randn({2 * f, d}),
           torch::randn({d, f})});
    }
  }
}

TEST_CASE("products fused with their norms stay within bfloat16's rounding of float32, with gradients") {
  const catena::test::OneDnn onednn(GENERATE(true, false));
  torch::manual_seed(17);
  const int n = 600, d = 32, f = 24;
  const Tensor x = torch::randn({n, d}), mixed = torch::randn({n, d}), norm = torch::ones({d}),
               direction = torch::randn({n, d});
  const Tensor in = torch::randn({2 * f, d}) / 6, out = torch::randn({d, f}) / 5, square = torch::randn({d, d}) / 6;
  const auto gradients = [&](torch::ScalarType type) {
    const auto leaf = [](const Tensor& t) { return t.clone().requires_grad_(); };
    const Tensor own = leaf(x), added = leaf(mixed), weight = leaf(norm);
    const MasterWeight w1{leaf(in), in.to(type)}, w2{leaf(out), out.to(type)}, w3{leaf(square), square.to(type)};
    const Tensor y = feed_forward(own, added.to(type), weight, w1, w2, 1e-5), z = normed_linear(y, weight, w3, 1e-5);
    CHECK(y.scalar_type() == torch::kFloat);
    CHECK(z.scalar_type() == type);
    (z.to(torch::kFloat) * direction).sum().backward();
    return std::vector<Tensor>{y.detach(),    z.detach(),       own.grad(),       added.grad(),
                               weight.grad(), w1.master.grad(), w2.master.grad(), w3.master.grad()};
  };
  const std::vector<Tensor> rounded = gradients(torch::kBFloat16), exact = gradients(torch::kFloat);
  for (std::size_t i = 0; i < exact.size(); ++i) CHECK(relative_error(rounded[i], exact[i]) < 0.015);
}

TEST_CASE("short_convolution equals a convolution with the tail before it, with gradients") {
  torch::manual_seed(3);
  for (const int t : {1, 2, 3, 17}) {
    check_same([&](const Inputs& x) { return short_convolution(x[0], x[1], x[2]); },
               [&](const Inputs& x) {
                 const Tensor padded = torch::cat({x[2], x[0]}, 1).transpose(1, 2);
                 return torch::silu(torch::conv1d(padded, x[1].unsqueeze(1), torch::Tensor(), at::IntArrayRef{1},
                                                  at::IntArrayRef{0}, at::IntArrayRef{1}, 10))
                     .transpose(1, 2);
               },
               {torch::randn({2, t, 10}), torch::randn({10, 4}), torch::randn({2, 3, 10})});
  }
}

TEST_CASE("added_convolution equals its input plus a convolution with the tail before it, with gradients") {
  torch::manual_seed(23);
  for (const int t : {1, 2, 3, 17}) {
    check_same([&](const Inputs& x) { return added_convolution(x[0], x[1], x[2]); },
               [&](const Inputs& x) {
                 const Tensor padded = torch::cat({x[2], x[0]}, 1).transpose(1, 2);
                 return x[0] + torch::conv1d(padded, x[1].unsqueeze(1), torch::Tensor(), at::IntArrayRef{1},
                                             at::IntArrayRef{0}, at::IntArrayRef{1}, 10)
                                   .transpose(1, 2);
               },
               {torch::randn({2, t, 10}), torch::randn({10, 4}), torch::randn({2, 3, 10})});
  }
}

TEST_CASE("around_convolution equals a padded convolution, with gradients") {
  torch::manual_seed(13);
  for (const int t : {1, 2, 4, 17}) {
    check_same([&](const Inputs& x) { return around_convolution(x[0], x[1]); },
               [&](const Inputs& x) {
                 const Tensor padded = torch::constant_pad_nd(x[0], {0, 0, 2, 2});
                 Tensor y = x[0];
                 for (int j = 0; j < 5; ++j) y = y + padded.slice(1, j, j + t) * x[1].select(1, j);
                 return y;
               },
               {torch::randn({3, t, 10}), torch::randn({10, 5})});
  }
}

TEST_CASE("unit_length scales to unit length, with gradients") {
  torch::manual_seed(4);
  check_same([](const Inputs& x) { return unit_length(x[0]); },
             [](const Inputs& x) { return x[0] / (x[0].square().sum(-1, true) + 1e-6).sqrt(); },
             {torch::randn({2, 5, 16})});
}

TEST_CASE("gated_norm equals its formula, with gradients") {
  torch::manual_seed(5);
  check_same([](const Inputs& x) { return gated_norm(x[0], x[1], x[2], 1e-5); },
             [](const Inputs& x) {
               const Tensor normed = x[0] / (x[0].square().mean(-1, true) + 1e-5).sqrt() * x[1];
               return normed.flatten(1) * torch::silu(x[2]);
             },
             {torch::randn({6, 2, 16}), torch::rand({16}) + 0.5, torch::randn({6, 32})});
}

TEST_CASE("unit_lower_inverse inverts, with gradients") {
  torch::manual_seed(6);
  for (const int n : {1, 2, 7, 64}) {
    const auto definition = [n](const Inputs& x) {
      return torch::inverse(torch::eye(n, torch::kDouble) + x[0].tril(-1));
    };
    check_same([](const Inputs& x) { return unit_lower_inverse(x[0].tril(-1)); }, definition,
               {torch::randn({3, n, n}) * 0.2}, 2e-5);
  }
}

TEST_CASE("unit_lower_inverse survives keys that are all alike, where powers of L overflow") {
  const Tensor lower = torch::ones({1, 64, 64}).tril(-1);
  const Tensor product = (torch::eye(64) + lower).matmul(unit_lower_inverse(lower)[0]);
  CHECK((product - torch::eye(64)).abs().max().item<double>() < 1e-6);
}
