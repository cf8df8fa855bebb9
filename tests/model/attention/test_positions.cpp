#include <cmath>

#include "lab_fixture.h"
#include "model/attention/positions.h"
#include "tests/model/tracker/gradients.h"

using namespace catena::test;
using namespace catena::model;

TEST_CASE("sinusoidal positions are sines and cosines of p / 10000^(2j/d), of any width") {
  for (const int width : {1, 2, 5, 8}) {
    const Tensor table = sinusoidal_positions(4, width, 3);
    REQUIRE(table.sizes() == torch::IntArrayRef({4, width}));
    for (int p = 0; p < 4; ++p) {
      for (int c = 0; c < width; ++c) {
        const double angle = (p + 3) / std::pow(10000.0, 2.0 * (c / 2) / width);
        CHECK(table[p][c].item<double>() == Approx(c % 2 == 0 ? std::sin(angle) : std::cos(angle)).margin(1e-6));
      }
    }
  }
}

TEST_CASE("a product of rotated queries and keys depends on their distance only") {
  torch::manual_seed(1);
  const Rotary rotary = make_rotary(64, 6, 10000, torch::kCPU);
  const Tensor q = torch::randn({1, 6}), k = torch::randn({1, 6});
  const auto product = [&](std::int64_t i, std::int64_t j) {
    return (rotate(q, rotary_at(rotary, i, 1)) * rotate(k, rotary_at(rotary, j, 1))).sum().item<double>();
  };
  CHECK(product(7, 2) == Approx(product(40, 35)).epsilon(1e-4));
  CHECK(std::abs(product(7, 2) - product(7, 5)) > 1e-3);
}
