#include <cmath>

#include "gradients.h"
#include "model/tracker/attention.h"
#include "onednn.h"

using catena::test::relative_error;
using namespace catena::model;
using torch::Tensor;

TEST_CASE("rotary positions rotate pairs by p * base^(-2j/D)") {
  const Rotary rotary = make_rotary(5, 4, 10000.0, torch::kCPU);
  const Tensor x = torch::tensor({1.0F, 2.0F, 3.0F, 4.0F}).repeat({5, 1});
  const Tensor y = rotate(x, rotary);
  for (int p = 0; p < 5; ++p) {
    for (int j = 0; j < 2; ++j) {
      const double angle = p * std::pow(10000.0, -2.0 * j / 4);
      const double a = j + 1, b = j + 3;
      CHECK(y[p][j].item<double>() == Approx(a * std::cos(angle) - b * std::sin(angle)).margin(1e-6));
      CHECK(y[p][j + 2].item<double>() == Approx(a * std::sin(angle) + b * std::cos(angle)).margin(1e-6));
    }
  }
}

TEST_CASE("chunk attention equals a plain loop, also when the length is not a multiple of the chunk") {
  torch::manual_seed(10);
  const int heads = 2, width = 4, d = heads * width;
  const Rotary rotary = make_rotary(64, width, 10000.0, torch::kCPU);
  for (const auto& [t, chunk] : std::vector<std::pair<int, int>>{{1, 8}, {8, 8}, {21, 8}, {5, 16}, {32, 16}}) {
    INFO("length " << t << ", chunk " << chunk);
    const Tensor qkv = torch::randn({2, t, 3 * d});
    const Tensor y = chunk_attention(qkv, heads, chunk, rotary);
    Tensor expected = torch::zeros({2, t, d}, torch::kDouble);
    const auto rotated = [&](int b, int pos, int offset, int h) {
      std::vector<double> x(width);
      for (int j = 0; j < width / 2; ++j) {
        const double angle = (pos % chunk) * std::pow(10000.0, -2.0 * j / width);
        const double u = qkv[b][pos][offset + h * width + j].item<double>(),
                     w = qkv[b][pos][offset + h * width + j + width / 2].item<double>();
        x[static_cast<std::size_t>(j)] = u * std::cos(angle) - w * std::sin(angle);
        x[static_cast<std::size_t>(j + width / 2)] = u * std::sin(angle) + w * std::cos(angle);
      }
      return x;
    };
    for (int b = 0; b < 2; ++b) {
      for (int h = 0; h < heads; ++h) {
        for (int i = 0; i < t; ++i) {
          const auto q = rotated(b, i, 0, h);
          double sum = 0;
          std::vector<double> o(width, 0);
          for (int j = i / chunk * chunk; j <= i; ++j) {
            const auto k = rotated(b, j, d, h);
            double score = 0;
            for (int c = 0; c < width; ++c) score += q[static_cast<std::size_t>(c)] * k[static_cast<std::size_t>(c)];
            const double e = std::exp(score / std::sqrt(width));
            sum += e;
            for (int c = 0; c < width; ++c)
              o[static_cast<std::size_t>(c)] += e * qkv[b][j][2 * d + h * width + c].item<double>();
          }
          for (int c = 0; c < width; ++c) expected[b][i][h * width + c] = o[static_cast<std::size_t>(c)] / sum;
        }
      }
    }
    CHECK(relative_error(y, expected) < 1e-5);
  }
}

TEST_CASE("fused chunk attention equals the composed one in float64, with gradients") {
  torch::manual_seed(12);
  const int heads = 3, width = 8;
  const Sight sight = GENERATE(Sight::back, Sight::around);
  const auto [t, chunk] =
      GENERATE(std::pair{1, 8}, std::pair{16, 8}, std::pair{21, 8}, std::pair{5, 16}, std::pair{130, 64});
  INFO("length " << t << ", chunk " << chunk);
  const Rotary rotary = make_rotary(64, width, 10000.0, torch::kCPU);
  const Tensor qkv = torch::randn({2, t, 3 * heads * width});
  REQUIRE(fuses_attention(qkv));
  catena::test::check_same(
      [&](const catena::test::Inputs& x) { return fused_chunk_attention(x[0], heads, chunk, rotary, sight); },
      [&](const catena::test::Inputs& x) { return chunk_attention(x[0], heads, chunk, rotary, sight); }, {qkv});
}

TEST_CASE("fused chunk attention in bfloat16 stays within its rounding of float32, with gradients") {
  torch::manual_seed(13);
  const Rotary rotary = make_rotary(64, 16, 10000.0, torch::kCPU);
  const Tensor qkv = torch::randn({2, 70, 3 * 32}).to(torch::kBFloat16), direction = torch::randn({2, 70, 32});
  const auto gradient = [&](torch::ScalarType type) {
    const Tensor x = qkv.to(type).detach().requires_grad_();
    (fused_chunk_attention(x, 2, 32, rotary, Sight::back).to(torch::kFloat) * direction).sum().backward();
    return x.grad();
  };
  CHECK(relative_error(fused_chunk_attention(qkv, 2, 32, rotary, Sight::back),
                       fused_chunk_attention(qkv.to(torch::kFloat), 2, 32, rotary, Sight::back)) < 0.01);
  CHECK(relative_error(gradient(torch::kBFloat16), gradient(torch::kFloat)) < 0.015);
}

TEST_CASE("full attention in segments equals block attention over one block, and its cache holds what was read") {
  torch::manual_seed(11);
  const int heads = 2, width = 4, d = heads * width;
  const Rotary rotary = make_rotary(64, width, 10000.0, torch::kCPU);
  const Tensor qkv = torch::randn({2, 50, 3 * d});
  Tensor cache = torch::zeros({2, 0, 2 * d});
  const Tensor a = full_attention(qkv.slice(1, 0, 17), heads, rotary, cache);
  CHECK(cache.size(1) == 17);
  const Tensor b = full_attention(qkv.slice(1, 17), heads, rotary, cache);
  CHECK(cache.size(1) == 50);
  CHECK(relative_error(torch::cat({a, b}, 1), chunk_attention(qkv, heads, 50, rotary)) < 1e-5);
}

TEST_CASE("fused full attention equals the composed one in float64, with gradients, behind what was read before") {
  torch::manual_seed(14);
  const int heads = 3, width = 8, d = heads * width;
  const auto [before, t] = GENERATE(std::pair{0, 1}, std::pair{0, 21}, std::pair{7, 1}, std::pair{40, 150});
  INFO(before << " before, " << t << " new");
  const Rotary rotary = make_rotary(256, width, 10000.0, torch::kCPU);
  const Tensor qkv = torch::randn({2, t, 3 * d}), cache = torch::randn({2, before, 2 * d});
  catena::test::check_same(
      [&](const catena::test::Inputs& x) {
        Tensor own = cache;
        return fused_full_attention(x[0], heads, rotary, own);
      },
      [&](const catena::test::Inputs& x) {
        Tensor own = cache;
        return full_attention(x[0], heads, rotary, own);
      },
      {qkv});
  Tensor fused_cache = cache, composed_cache = cache;
  fused_full_attention(qkv, heads, rotary, fused_cache);
  full_attention(qkv.to(torch::kDouble), heads, rotary, composed_cache);
  CHECK(relative_error(fused_cache, composed_cache) < 1e-6);
}

TEST_CASE("fused full attention in bfloat16 stays within its rounding of float32, with gradients") {
  const catena::test::OneDnn onednn(GENERATE(true, false));
  torch::manual_seed(15);
  const Rotary rotary = make_rotary(512, 16, 10000.0, torch::kCPU);
  const Tensor qkv = torch::randn({2, 300, 3 * 32}).to(torch::kBFloat16), direction = torch::randn({2, 300, 32});
  const auto attended = [&](torch::ScalarType type, Tensor& gradient) {
    Tensor cache = torch::zeros({2, 0, 64});
    const Tensor x = qkv.to(type).detach().requires_grad_();
    const Tensor o = fused_full_attention(x, 2, rotary, cache).to(torch::kFloat);
    (o * direction).sum().backward();
    gradient = x.grad();
    return o.detach();
  };
  Tensor exact_gradient, gradient;
  const Tensor exact = attended(torch::kFloat, exact_gradient);
  CHECK(relative_error(attended(torch::kBFloat16, gradient), exact) < 0.01);
  CHECK(relative_error(gradient, exact_gradient) < 0.015);
}
