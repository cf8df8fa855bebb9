// What every system of the lab promises, whatever it computes.
#include "lab_fixture.h"
#include "model/attention/multiply_adds.h"
#include "tests/model/tracker/gradients.h"

using namespace catena::test;

namespace {

bool computes_in_float64(const std::string& system) { return system != "delta"; }

/// (f(p + step d) - f(p - step d)) / (2 step) for a random direction d of p, of length 1, behind the gradient's own.
std::pair<double, double> slopes(Tensor p, const std::function<Tensor()>& f, double step) {
  Tensor direction = torch::randn_like(p).detach();
  direction = direction / direction.norm();
  if (p.grad().defined()) p.mutable_grad() = Tensor();
  f().backward();
  const double gradient = p.grad().defined() ? (p.grad() * direction).sum().item<double>() : 0;
  const torch::NoGradGuard no_grad;
  const Tensor before = p.clone();
  const auto at = [&](double distance) {
    p.copy_(before + distance * direction);
    const torch::AutoGradMode grad(
        true);  // dynamic heads compute the same function either way; let it be the trained one
    return f().item<double>();
  };
  const double numeric = (at(step) - at(-step)) / (2 * step);
  p.copy_(before);
  return {gradient, numeric};
}

}  // namespace

TEST_CASE("any system: outputs have the input's shape and are finite, for odd sizes, one token, one sequence") {
  for (const std::string& system : system_names()) {
    const Lab lab(small_config(system));
    for (const std::int64_t batch : {1, 3}) {
      for (const std::int64_t length : {1, 2, 3, 4, 5, 7, 8, 9, 13, 31, 64, 67, 129}) {
        INFO(system << ", batch " << batch << ", length " << length);
        const torch::NoGradGuard no_grad;
        const Tensor y = lab.mixer->forward(input(batch, length));
        REQUIRE(y.sizes() == torch::IntArrayRef({batch, length, 8}));
        CHECK(y.isfinite().all().item<bool>());
      }
    }
  }
}

TEST_CASE("any system: other widths, heads and chunks") {
  for (const std::string& system : system_names()) {
    for (const auto& [width, heads, chunk] :
         std::vector<std::array<std::int64_t, 3>>{{2, 1, 1}, {6, 3, 7}, {12, 2, 5}, {20, 5, 33}}) {
      INFO(system << ", width " << width << ", heads " << heads << ", chunk " << chunk);
      SystemConfig config = small_config(system);
      config.width = width;
      config.heads = heads;
      config.chunk = chunk;
      const Lab lab(config);
      torch::manual_seed(4);
      const Tensor x = torch::randn({2, 23, width});
      const Tensor y = lab.mixer->forward(x);
      CHECK(y.sizes() == x.sizes());
      y.sum().backward();
      for (const auto& [name, tensor] : lab.parameters.all()) {
        if (tensor.grad().defined()) CHECK(tensor.grad().isfinite().all().item<bool>());
      }
    }
  }
}

TEST_CASE("any system: a token changes nothing before it") {
  for (const std::string& system : system_names()) {
    INFO(system);
    const Lab lab(small_config(system));
    const torch::NoGradGuard no_grad;
    const Tensor x = input(2, 23);
    const Tensor y = lab.mixer->forward(x);
    for (const std::int64_t t : {0, 3, 4, 11, 22}) {
      Tensor other = x.clone();
      other.select(1, t).add_(1);
      const Tensor z = lab.mixer->forward(other);
      if (t > 0) CHECK((z - y).slice(1, 0, t).abs().max().item<float>() < 1e-5F);
      CHECK((z - y).select(1, t).abs().max().item<float>() > 1e-4F);
    }
  }
}

TEST_CASE("streaming systems: token by token, in any split, equals the whole sequence") {
  for (const std::string& system : system_names()) {
    const Lab lab(small_config(system));
    if (!lab.mixer->streams()) continue;
    for (const std::int64_t length : {1, 4, 30, 150}) {
      INFO(system << ", length " << length);
      const torch::NoGradGuard no_grad;
      const Tensor x = input(2, length);
      const Tensor whole = lab.mixer->forward(x);
      MixerState state = lab.mixer->initial_state(2);
      std::vector<Tensor> parts;
      for (std::int64_t begin = 0, n = 1; begin < length; begin += n, n = n % 7 + 2) {
        parts.push_back(lab.mixer->step(x.slice(1, begin, std::min(length, begin + n)), state));
      }
      CHECK(relative_error(torch::cat(parts, 1), whole) < 1e-4);
      CHECK(state.tokens == length);
    }
  }
}

TEST_CASE("streaming systems: the state's bytes are those of the formula, and constant for all but the Transformer") {
  for (const std::string& system : system_names()) {
    const Lab lab(small_config(system));
    if (!lab.mixer->streams()) continue;
    INFO(system);
    MixerState state = lab.mixer->initial_state(1);
    std::vector<std::int64_t> bytes{state.bytes()};
    for (const std::int64_t length : {1, 2, 3, 4, 5, 16, 17, 120}) {
      lab.mixer->step(input(1, length - state.tokens), state);
      bytes.push_back(state.bytes());
      CHECK(state.bytes() == lab.mixer->state_bytes(length));
    }
    const bool constant = std::all_of(bytes.begin(), bytes.end(), [&](std::int64_t b) { return b == bytes[0]; });
    CHECK(constant == (system != "attention"));
  }
}

TEST_CASE("streaming systems: a copy of a state reads on by itself") {
  for (const std::string& system : system_names()) {
    const Lab lab(small_config(system));
    if (!lab.mixer->streams()) continue;
    INFO(system);
    const Tensor x = input(1, 20), other = input(1, 9);
    MixerState state = lab.mixer->initial_state(1);
    lab.mixer->step(x.slice(1, 0, 10), state);
    MixerState copy = state;
    lab.mixer->step(other, copy);
    MixerState undisturbed = lab.mixer->initial_state(1);
    lab.mixer->step(x.slice(1, 0, 10), undisturbed);
    CHECK(lab.mixer->step(x.slice(1, 10), state).equal(lab.mixer->step(x.slice(1, 10), undisturbed)));
  }
}

TEST_CASE("any system: gradients are the slopes of the function, for the input and every parameter") {
  for (const std::string& system : system_names()) {
    const bool fine = computes_in_float64(system);
    const Lab lab(small_config(system), fine ? torch::kDouble : torch::kFloat);
    // Two chunks: the share of r that paired regression detaches comes in with the third.
    Tensor x = input(2, 7, fine ? torch::kDouble : torch::kFloat).requires_grad_();
    const Tensor direction = torch::randn(x.sizes(), x.options().requires_grad(false));
    const auto f = [&] { return (lab.mixer->forward(x) * direction).sum(); };
    const bool switched = system == "dynamic-heads";  // its gate is differentiated as what it is not, on purpose
    std::vector<std::pair<std::string, Tensor>> all = lab.parameters.all();
    if (!switched) all.emplace_back("input", x);
    for (const auto& [name, tensor] : all) {
      if (switched && name.find("gate") == 0) continue;
      const auto [gradient, numeric] = slopes(tensor, f, fine ? 1e-5 : 1e-3);
      INFO(system << ", " << name);
      CHECK(gradient == Approx(numeric).epsilon(fine ? 1e-6 : 2e-2).margin(fine ? 1e-8 : 1e-2));
    }
  }
}

TEST_CASE("any system: bfloat16 follows float32") {
  for (const std::string& system : system_names()) {
    INFO(system);
    const Lab wide(small_config(system)), half(small_config(system), torch::kBFloat16);
    const torch::NoGradGuard no_grad;
    if (system == "dynamic-heads") {  // no decision so close that rounding makes another
      for (const Lab* lab : {&wide, &half}) lab->set("gate.bias", torch::tensor({9.0F, -9.0F}));
    }
    const Tensor x = input(2, 21);
    const Tensor y = half.mixer->forward(x.to(torch::kBFloat16));
    CHECK(y.scalar_type() == torch::kBFloat16);
    CHECK(relative_error(y, wide.mixer->forward(x)) < 0.03);
  }
}

TEST_CASE("any system: gradients in bfloat16 follow float32's, for the input and every matrix") {
  for (const std::string& system : system_names()) {
    const auto gradients = [&](torch::ScalarType type) {
      const Lab lab(small_config(system), type);
      if (system == "dynamic-heads") lab.set("gate.bias", torch::tensor({9.0F, -9.0F}));
      const Tensor x = input(2, 21).to(type).requires_grad_();
      torch::manual_seed(16);
      const Tensor direction = torch::randn({2, 21, 8}).to(torch::kBFloat16);  // the same numbers in both
      (lab.mixer->forward(x) * direction.to(type)).sum().backward();
      std::vector<std::pair<std::string, Tensor>> all{{"input", x.grad()}};
      for (const auto& [name, tensor] : lab.parameters.all()) {
        if (tensor.dim() == 2 && name.find("gate") == std::string::npos) all.emplace_back(name, tensor.grad());
      }
      return all;
    };
    const auto wide = gradients(torch::kFloat), half = gradients(torch::kBFloat16);
    for (std::size_t i = 0; i < wide.size(); ++i) {
      INFO(system << ", " << wide[i].first);
      REQUIRE(half[i].second.defined() == wide[i].second.defined());
      if (!wide[i].second.defined()) continue;
      CHECK(half[i].second.scalar_type() == torch::kBFloat16);
      CHECK(relative_error(half[i].second, wide[i].second) < 0.06);
    }
  }
}

TEST_CASE("streaming systems: token by token in bfloat16 follows the whole sequence in float32") {
  for (const std::string& system : system_names()) {
    const Lab wide(small_config(system)), half(small_config(system), torch::kBFloat16);
    if (!wide.mixer->streams()) continue;
    INFO(system);
    const torch::NoGradGuard no_grad;
    const Tensor x = input(2, 45);
    MixerState state = half.mixer->initial_state(2);
    const Tensor y = half.mixer->step(x.to(torch::kBFloat16), state);
    CHECK(y.scalar_type() == torch::kBFloat16);
    CHECK(relative_error(y, wide.mixer->forward(x)) < 0.03);
  }
}

TEST_CASE("any system: the products that are run are those of the formula") {
  for (const std::string& system : system_names()) {
    SystemConfig config = small_config(system);
    config.width = 32;
    config.heads = 2;
    config.chunk = 32;
    config.max_length = 4096;
    const Lab lab(config);
    for (const std::int64_t length : {100, 512, 2048}) {
      torch::manual_seed(6);
      const Tensor x = torch::randn({1, length, 32});
      const torch::NoGradGuard no_grad;
      const double counted = count_multiply_adds([&] { lab.mixer->forward(x); });
      const Cost cost = lab.mixer->cost(length);
      INFO(system << ", length " << length << ": counted " << counted << ", formula " << cost.total());
      // Causal attention takes 128 queries at a time; dynamic heads leave some out.
      CHECK(counted < 1.3 * cost.total());
      CHECK(counted > (system == "dynamic-heads" ? 0.2 : 0.95) * cost.total());
    }
  }
}

TEST_CASE(
    "the published bills: an eighth of the chunks costs a quarter of causal attention, the pyramid at most 15 % at "
    "8192 tokens") {
  const torch::NoGradGuard no_grad;
  const auto counted = [](const std::string& system, std::int64_t width, std::int64_t heads, std::int64_t length) {
    SystemConfig config = small_config(system);
    config.width = width;
    config.heads = heads;
    config.chunk = 128;
    config.levels = 4;
    config.max_length = length;
    const Lab lab(config);
    torch::manual_seed(6);
    const Tensor x = torch::randn({1, length, width});
    return std::pair{count_multiply_adds([&] { lab.mixer->forward(x); }), lab.mixer->cost(length)};
  };
  // L = 1024, d = 512, k = 8: L^2 d / 2 against k (L / k)^2 d multiply-adds of scores; values cost the same again.
  const auto [full, full_cost] = counted("attention", 512, 8, 1024);
  const auto [chunked, chunked_cost] = counted("paired-regression", 512, 8, 1024);
  const double ratio = (full - full_cost.projections) / (chunked - chunked_cost.projections);
  CHECK(ratio == Approx(4).epsilon(0.2));
  const auto [pyramid, pyramid_cost] = counted("pyramid", 128, 4, 8192);
  const double whole = 4.0 * 8192 * 128 * 128 + 8192.0 * 8193 * 128;
  CHECK(pyramid < 0.15 * whole);
  CHECK((pyramid - pyramid_cost.projections) < 0.15 * (whole - pyramid_cost.projections));
}

TEST_CASE("products are counted once, on the way forward and back") {
  Tensor a = torch::randn({3, 5}).requires_grad_(), b = torch::randn({5, 7}).requires_grad_();
  CHECK(count_multiply_adds([&] { a.matmul(b); }) == 3 * 5 * 7);
  CHECK(count_multiply_adds([&] {
          torch::baddbmm(torch::zeros({2, 64, 64}), torch::ones({2, 64, 32}), torch::ones({2, 32, 64}));
        }) == 2 * 64 * 32 * 64);
  CHECK(count_multiply_adds([&] { a.matmul(b).sum().backward(); }) == 3 * 3 * 5 * 7);
  CHECK(count_multiply_adds([&] { a.exp(); }) == 0);
}
