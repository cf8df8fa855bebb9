// The optimiser's state in parts, as several processes keep it.
#include <catch2/catch.hpp>

#include "model/runtime/memory.h"
#include "model/tracker/optimiser.h"
#include "model/tracker/torch_executor.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using catena::model::test::tiny_config;

namespace {

/// The places where a cut may fall before AdamW's part.
std::vector<std::int64_t> between_matrices(const Parameters& parameters) {
  std::vector<std::int64_t> places{0};
  for (const HiddenMatrix& matrix : parameters.hidden_matrices()) {
    for (std::int64_t i = 0; i < matrix.groups; ++i) places.push_back(places.back() + matrix.rows * matrix.columns);
  }
  return places;
}

}  // namespace

TEST_CASE("ranges cover all weights in order, and are as even as their cuts allow") {
  const Parameters parameters(tiny_config(GENERATE(Carry::delta, Carry::attention)), torch::kCPU, torch::kFloat);
  const auto kind = GENERATE(OptimiserKind::adamw, OptimiserKind::muon);
  const std::int64_t count = parameters.values().numel(), adamw = adamw_begin(parameters, kind);
  const std::vector<std::int64_t> places = between_matrices(parameters);
  CHECK(adamw == (kind == OptimiserKind::muon ? places.back() : 0));
  for (const int parts : {1, 2, 3, 5, 1000}) {
    const auto ranges = split_parameters(parameters, kind, parts);
    REQUIRE(ranges.size() == static_cast<std::size_t>(parts));
    std::int64_t end = 0;
    for (const ParameterRange& range : ranges) {
      CHECK(range.begin == end);
      CHECK(range.count() >= 0);
      end = range.end;
      if (end == count) continue;
      if (end < adamw) {
        CHECK(std::find(places.begin(), places.end(), end) != places.end());
      } else {
        CHECK((end - adamw) % kRangeAlignment == 0);
      }
    }
    CHECK(end == count);
    std::int64_t slack = kRangeAlignment;
    if (kind == OptimiserKind::muon) {
      for (const HiddenMatrix& matrix : parameters.hidden_matrices())
        slack = std::max(slack, matrix.rows * matrix.columns);
    }
    for (const ParameterRange& range : ranges) CHECK(std::abs(range.count() - count / parts) <= slack);
  }
}

TEST_CASE(
    "optimisers of the ranges together make the step of one for all, to the bit, each with its share of the memory") {
  count_torch_memory();
  const auto kind = GENERATE(OptimiserKind::adamw, OptimiserKind::muon);
  const int parts = GENERATE(1, 2, 3);
  Parameters whole(tiny_config(Carry::delta), torch::kCPU, torch::kFloat),
      shared(tiny_config(Carry::delta), torch::kCPU, torch::kFloat);
  whole.initialise(3);
  shared.initialise(3);
  const OptimiserOptions options{.kind = kind};
  Optimiser one(whole, options);
  std::vector<Optimiser> some;
  for (const ParameterRange& range : split_parameters(shared, kind, parts)) {
    const std::size_t before = memory_counters().bytes_now;
    some.emplace_back(shared, options, range);
    const auto held = static_cast<std::int64_t>(memory_counters().bytes_now - before);
    CHECK(held >= some.back().state_bytes());
    CHECK(held < some.back().state_bytes() + 128);  // what the allocator rounds up to
    CHECK(some.back().state_bytes() == 8 * range.count());
    CHECK(some.back().range().begin == range.begin);
  }
  torch::manual_seed(12);
  for (int step = 0; step < 4; ++step) {
    whole.gradients().copy_(torch::randn_like(whole.gradients()));
    shared.gradients().copy_(whole.gradients());
    one.step(whole, 1e-2);
    for (Optimiser& optimiser : some) optimiser.step(shared, 1e-2);
    REQUIRE(torch::equal(shared.values(), whole.values()));
  }
  std::vector<torch::Tensor> first, second;
  for (Optimiser& optimiser : some) {
    first.push_back(optimiser.first_moment());
    second.push_back(optimiser.second_moment());
  }
  CHECK(torch::equal(torch::cat(first), one.first_moment()));
  CHECK(torch::equal(torch::cat(second), one.second_moment()));
}
