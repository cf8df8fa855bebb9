// The numeric loops against the plain formulas, on every instruction set this processor has.
#include <catch2/catch.hpp>
#include <cmath>

#include "model/runtime/linear.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;

namespace {

const Kernels& any_kernels() {
  const Kernels* kernels = GENERATE(from_range(usable_kernels().begin(), usable_kernels().end()));
  return *kernels;
}

std::vector<float> random_numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = static_cast<float>(random() >> 8) * 0x1p-23F - 1.0F;
  return numbers;
}

}  // namespace

TEST_CASE("the best kernels come first and the portable ones are always there") {
  REQUIRE_FALSE(usable_kernels().empty());
  CHECK(&best_kernels() == usable_kernels().front());
  CHECK(std::string(usable_kernels().back()->name) == "baseline");
}

TEST_CASE("silu is right to a few units in the last place from one end of the floats to the other") {
  const Kernels& kernels = any_kernels();
  CAPTURE(kernels.name);
  double worst = 0;
  for (float start = -87.0F; start < 100.0F; start += 0.37F) {
    float in[16], out[16];
    for (int i = 0; i < 16; ++i) in[i] = start + 0.0231F * static_cast<float>(i);
    kernels.silu(in, out, 16);
    for (int i = 0; i < 16; ++i) {
      const double exact = in[i] / (1.0 + std::exp(-static_cast<double>(in[i])));
      worst = std::max(worst, std::abs(out[i] - exact) / std::max(std::abs(exact), 1e-30));
    }
  }
  CHECK(worst < 4e-7);
  float extreme[16] = {-1000, 1000, NAN, 0, -INFINITY, INFINITY};
  kernels.silu(extreme, extreme, 16);
  CHECK(std::abs(extreme[0]) < 1e-30F);
  CHECK(extreme[1] == 1000);
  CHECK(std::isnan(extreme[2]));
  CHECK(extreme[3] == 0);
  CHECK(std::isinf(extreme[5]));
}

TEST_CASE("a product of any number of tokens and outputs is right and the same for one token or many") {
  const Kernels& kernels = any_kernels();
  const int outputs = GENERATE(1, 5, 64, 67, 200);
  const Precision precision = GENERATE(Precision::float32, Precision::bfloat16, Precision::int8);
  CAPTURE(kernels.name, outputs, to_string(precision));
  const int inputs = 48;
  ThreadPool pool(1);
  QuantizedRows quantized(23, inputs, kernels);
  const Compute compute{kernels, pool, quantized};
  std::vector<std::vector<float>> matrix{random_numbers(static_cast<std::size_t>(outputs * inputs), 1)};
  const Linear linear(inputs, matrix, precision, kernels);
  for (int o = 0; o < outputs; ++o) linear.row(o, &matrix[0][static_cast<std::size_t>(o * inputs)]);  // as rounded
  auto x = random_numbers(23 * 50, 2);
  for (int tokens = 1; tokens <= 23; ++tokens) {
    std::vector<float> y(static_cast<std::size_t>(tokens * (outputs + 3)), 9.0F);
    linear.multiply(compute, {x.data(), 50}, tokens, {y.data(), static_cast<std::size_t>(outputs + 3)});
    double worst = 0;
    for (int t = 0; t < tokens; ++t) {
      std::vector<float> alone(static_cast<std::size_t>(outputs));
      linear.multiply(compute, {&x[static_cast<std::size_t>(t * 50)], 50}, 1, {alone.data(), alone.size()});
      for (int o = 0; o < outputs; ++o) {
        double exact = 0;
        for (int i = 0; i < inputs; ++i) exact += static_cast<double>(matrix[0][o * inputs + i]) * x[t * 50 + i];
        worst = std::max(worst, std::abs(exact - y[t * (outputs + 3) + o]));
        REQUIRE(alone[o] == y[t * (outputs + 3) + o]);
      }
      for (int gap = 0; gap < 3; ++gap)
        REQUIRE(y[t * (outputs + 3) + outputs + gap] == 9.0F);  // nothing written beside
    }
    CHECK(worst < (precision == Precision::int8 ? 2e-4 : 1e-5));  // int8: inputs of 16 bits
    const std::vector<float> once = y;
    linear.multiply(compute, {x.data(), 50}, tokens, {y.data(), static_cast<std::size_t>(outputs + 3)}, true);
    CHECK(y[0] == once[0] + once[0]);
    CHECK(y[outputs - 1] == once[outputs - 1] + once[outputs - 1]);
  }
}

TEST_CASE("8-bit sums are exact where they are largest: no row and no input leaves 32 bits") {
  const Kernels& kernels = any_kernels();
  CAPTURE(kernels.name);
  const int inputs = 4096;
  ThreadPool pool(1);
  QuantizedRows quantized(1, inputs);
  const Compute compute{kernels, pool, quantized};
  const float sign = GENERATE(1.0F, -1.0F);
  const std::vector<std::vector<float>> ones{std::vector<float>(inputs, sign)};
  const Linear linear(inputs, ones, Precision::int8);
  std::vector<float> x(inputs, 3.0F);
  float y = 0;
  linear.multiply(compute, {x.data(), x.size()}, 1, {&y, 1});
  CHECK(y == Approx(sign * 3.0F * inputs).epsilon(1e-6));
}

TEST_CASE(
    "8-bit products: a row or an input that is not finite gives NaN, zeros give zero, and nothing else is touched") {
  const Kernels& kernels = any_kernels();
  CAPTURE(kernels.name);
  const int inputs = 32;
  const float broken = GENERATE(NAN, INFINITY, -INFINITY);
  ThreadPool pool(1);
  QuantizedRows quantized(2, inputs);
  const Compute compute{kernels, pool, quantized};
  std::vector<std::vector<float>> matrix{random_numbers(3 * inputs, 1)};
  matrix[0][inputs + 5] = broken;                                          // row 1
  std::fill_n(matrix[0].begin() + 2 * std::ptrdiff_t{inputs}, inputs, 0);  // row 2
  const Linear linear(inputs, matrix, Precision::int8);
  auto x = random_numbers(2 * inputs, 2);
  x[inputs + 30] = broken;  // token 1
  std::vector<float> y(6);
  linear.multiply(compute, {x.data(), inputs}, 2, {y.data(), 3});
  CHECK(std::isfinite(y[0]));
  CHECK(std::isnan(y[1]));
  CHECK(y[2] == 0);
  for (int o = 0; o < 3; ++o) CHECK(std::isnan(y[3 + o]));
  std::fill(x.begin(), x.end(), 1e-38F);
  linear.multiply(compute, {x.data(), inputs}, 1, {y.data(), 3});
  CHECK(y[0] == 0);
}

TEST_CASE("a packed matrix gives its rows back") {
  const std::vector<std::vector<float>> parts{random_numbers(70 * 32, 1), random_numbers(3 * 32, 2)};
  const Linear linear(32, parts, Precision::float32);
  CHECK(linear.outputs() == 73);
  std::vector<float> row(32);
  linear.row(69, row.data());
  CHECK(std::equal(row.begin(), row.end(), parts[0].begin() + 69 * 32));
  linear.row(72, row.data());
  CHECK(std::equal(row.begin(), row.end(), parts[1].begin() + 2 * 32));

  const Linear bytes(32, parts, Precision::int8);
  bytes.row(72, row.data());
  for (std::size_t i = 0; i < row.size(); ++i) CHECK(row[i] == Approx(parts[1][2 * 32 + i]).margin(0.5 / 127));
}

TEST_CASE("log_sum_exp is right for any length and for large numbers") {
  const Kernels& kernels = any_kernels();
  for (const int count : {1, 2, 15, 16, 17, 100}) {
    auto x = random_numbers(static_cast<std::size_t>(count), 3);
    for (float& v : x) v = 900.0F + 10.0F * v;
    double total = 0;
    for (float v : x) total += std::exp(static_cast<double>(v) - 900.0);
    CHECK(kernels.log_sum_exp(x.data(), count) == Approx(900.0 + std::log(total)).epsilon(1e-6));
  }
}
