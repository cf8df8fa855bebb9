// The systems that look at tokens, each against a plain loop over queries and keys in float64.
#include "lab_fixture.h"
#include "model/attention/dynamic_heads.h"
#include "model/attention/multiply_adds.h"
#include "model/attention/scaled_dot_product.h"
#include "model/attention/sparse_attention.h"
#include "tests/model/tracker/gradients.h"

using namespace catena::test;

namespace {

constexpr std::int64_t everything = 1 << 20;

}  // namespace

TEST_CASE("scaled dot product equals a plain loop; a query that may look nowhere gets zeros and a finite gradient") {
  torch::manual_seed(2);
  const Tensor mask = torch::tensor({{true, false, true}, {false, false, false}});
  const auto loop = [&](const Tensor& m) {
    return [m](const Inputs& in) {
      std::vector<Tensor> rows;
      for (std::int64_t i = 0; i < in[0].size(0); ++i) {
        Tensor sum = torch::zeros({1}, torch::kDouble), total = torch::zeros({in[2].size(1)}, torch::kDouble);
        for (std::int64_t j = 0; j < in[1].size(0); ++j) {
          if (m.defined() && !m[i][j].item<bool>()) continue;
          const Tensor weight = ((in[0][i] * in[1][j]).sum() / std::sqrt(static_cast<double>(in[0].size(1)))).exp();
          sum = sum + weight;
          total = total + weight * in[2][j];
        }
        rows.push_back(total / (sum + 1e-300));
      }
      return torch::stack(rows);
    };
  };
  const Inputs in{torch::randn({2, 4}), torch::randn({3, 4}), torch::randn({3, 5})};
  check_same([&](const Inputs& x) { return scaled_dot_product(x[0], x[1], x[2], mask); }, loop(mask), in);
  check_same([&](const Inputs& x) { return scaled_dot_product(x[0], x[1], x[2]); }, loop({}), in);
}

TEST_CASE("causal attention in blocks of queries, of all positions or some, equals the masked square") {
  torch::manual_seed(3);
  const Tensor q = torch::randn({2, 300, 4}), k = torch::randn({2, 300, 4}), v = torch::randn({2, 300, 3});
  const Tensor all = torch::arange(300, torch::kLong), mask = torch::ones({300, 300}, torch::kBool).tril();
  const Tensor expected = scaled_dot_product(q, k, v, mask);
  CHECK(relative_error(causal_attention(q, k, v, all), expected) < 1e-5);
  const Tensor some = torch::cat({all.slice(0, 3, 200, 7), all.slice(0, 230, 299)});
  CHECK(relative_error(causal_attention(q.index_select(1, some), k, v, some), expected.index_select(1, some)) < 1e-5);
}

TEST_CASE("attention and block attention equal a plain loop over what each token sees") {
  const auto [system, chunk] = GENERATE(table<std::string, std::int64_t>({{"attention", everything}, {"block", 4}}));
  const bool causal = GENERATE(true, false);
  for (const std::int64_t length : {1, 4, 11}) {
    INFO(system << ", causal " << causal << ", length " << length);
    const Lab lab(small_config(system, causal));
    const Tensor x = input(2, length);
    const auto parts = lab.qkv(x);
    const Tensor o = attention_by_hand(
        rotated(parts[0], chunk), rotated(parts[1], chunk), parts[2],
        [&, c = chunk](std::int64_t i, std::int64_t j) { return i / c == j / c && (!causal || j <= i); });
    CHECK(relative_error(lab.mixer->forward(x), lab.result(o)) < 1e-5);
  }
}

TEST_CASE(
    "block-sparse attention sees the first chunk and the window; random attention sees drawn chunks, the same in "
    "longer sequences") {
  const std::string system = GENERATE("block-sparse", "random");
  const bool causal = GENERATE(true, false);
  SystemConfig config = small_config(system, causal);
  config.window = 3;
  const Lab lab(config);
  for (const std::int64_t length : {1, 4, 9, 30}) {
    INFO(system << ", causal " << causal << ", length " << length);
    const std::int64_t blocks = (length + 3) / 4;
    const Tensor pattern = random_pattern(config, blocks);
    const auto sees_block = [&](std::int64_t i, std::int64_t j) {
      if (system == "random") return (pattern[i] == j).any().item<bool>();
      if (j == 0) return true;
      return causal ? j <= i && j > i - 3 : std::abs(i - j) <= 1;
    };
    const Tensor x = input(2, length);
    const auto parts = lab.qkv(x);
    const Tensor o = attention_by_hand(
        rotated(parts[0], everything), rotated(parts[1], everything), parts[2],
        [&](std::int64_t i, std::int64_t j) { return sees_block(i / 4, j / 4) && (!causal || j <= i); });
    CHECK(relative_error(lab.mixer->forward(x), lab.result(o)) < 1e-5);
  }
}

TEST_CASE(
    "a random pattern holds the own chunk and distinct others, and a longer sequence keeps what a shorter one has") {
  const SystemConfig config = small_config("random");
  const Tensor longer = random_pattern(config, 9), shorter = random_pattern(config, 5);
  CHECK(longer.slice(0, 0, 5).equal(shorter));
  for (std::int64_t i = 0; i < 9; ++i) {
    CHECK(longer[i][0].item<std::int64_t>() == i);
    for (std::int64_t c = 1; c < longer.size(1); ++c) {
      const auto other = longer[i][c].item<std::int64_t>();
      CHECK(other < i);
      CHECK((other == -1 || (longer[i] == other).sum().item<std::int64_t>() == 1));
    }
  }
}

TEST_CASE(
    "Linformer attends to projections of the whole length as published, and of whole chunks before where it is "
    "causal") {
  const bool causal = GENERATE(true, false);
  const Lab lab(small_config("linformer", causal));
  const Tensor e = lab.parameter("along_time.weight");
  for (const std::int64_t length : {1, 4, 5, 14}) {
    INFO("causal " << causal << ", length " << length);
    const Tensor x = input(2, length);
    const auto parts = lab.qkv(x);
    const Tensor q = rotated(parts[0], everything), k = rotated(parts[1], everything), v = parts[2];
    Tensor expected;
    if (causal) {
      // Projected keys of chunk c stand behind the tokens' own, at length + 3 c and after.
      std::vector<Tensor> keys{k}, values{v};
      for (std::int64_t c = 0; (c + 1) * 4 <= length; ++c) {
        keys.push_back(torch::einsum("rc,bhcd->bhrd", {e, k.slice(2, 4 * c, 4 * c + 4)}));
        values.push_back(torch::einsum("rc,bhcd->bhrd", {e, v.slice(2, 4 * c, 4 * c + 4)}));
      }
      expected = attention_by_hand(q, torch::cat(keys, 2), torch::cat(values, 2), [&](std::int64_t i, std::int64_t j) {
        return j < length ? i / 4 == j / 4 && j <= i : (j - length) / 3 < i / 4;
      });
    } else {
      const Tensor used = e.slice(1, 0, length);
      const auto project = [&](const Tensor& y) { return torch::einsum("rt,bhtd->bhrd", {used, y}); };
      expected = attention_by_hand(q, project(k), project(v), [](std::int64_t, std::int64_t) { return true; });
    }
    CHECK(relative_error(lab.mixer->forward(x), lab.result(expected)) < 1e-5);
  }
}

TEST_CASE("dynamic heads: heads whose probability is below a half count nothing, trained or not") {
  const bool causal = GENERATE(true, false);
  const Lab lab(small_config("dynamic-heads", causal));
  const Tensor x = 3 * input(3, 13);
  const auto parts = lab.qkv(x);
  Tensor means = torch::zeros({3, 13, 8}, torch::kDouble);
  for (std::int64_t t = 0; t < 13; ++t)
    means.select(1, t).copy_(x.to(torch::kDouble).slice(1, 0, causal ? t + 1 : 13).mean(1));
  const Tensor score =
      torch::einsum("btd,hd->bht", {means, lab.parameter("gate.weight")}) + lab.parameter("gate.bias").view({1, 2, 1});
  const Tensor open = (score > 0).to(torch::kDouble);
  REQUIRE(open.min().item<double>() < open.max().item<double>());  // some are on, some off
  const Tensor o = attention_by_hand(rotated(parts[0], everything), rotated(parts[1], everything), parts[2],
                                     [&](std::int64_t i, std::int64_t j) { return !causal || j <= i; });
  const Tensor expected = lab.result(o * open.unsqueeze(3));
  const Tensor trained = lab.mixer->forward(x);
  CHECK(relative_error(trained, expected) < 1e-5);
  trained.sum().backward();
  for (const auto& [name, tensor] : lab.parameters.all()) {
    INFO(name);
    REQUIRE(tensor.grad().defined());
    CHECK(tensor.grad().isfinite().all().item<bool>());
    CHECK(tensor.grad().abs().max().item<float>() > 0);
  }
  const torch::NoGradGuard no_grad;
  CHECK(relative_error(lab.mixer->forward(x), expected) < 1e-5);
}

TEST_CASE("dynamic heads: what is switched off is not computed") {
  const bool causal = GENERATE(true, false);
  const Lab lab(small_config("dynamic-heads", causal));
  const torch::NoGradGuard no_grad;
  const Tensor x = input(2, 40);
  const auto counted = [&](float first, float second) {
    lab.set("gate.bias", torch::tensor({first, second}));
    return count_multiply_adds([&] { lab.mixer->forward(x); });
  };
  const double both = counted(100, 100), one = counted(100, -100), none = counted(-100, -100);
  const double gate = 2 * (causal ? 40 : 1) * 8 * 2;
  CHECK(none == gate);
  CHECK(one - gate == Approx((both - gate) / 2));
}
