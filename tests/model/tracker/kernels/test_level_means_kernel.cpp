#include "kernel_device.h"

using namespace catena::test;
using namespace catena::model;
using torch::Tensor;

namespace {

/// Level by level, each from the rows themselves.
Tensor means(const Tensor& rows, std::int64_t levels) {
  std::vector<Tensor> all;
  for (std::int64_t group = 4; levels > 0; group *= 4, --levels) {
    const std::int64_t groups = rows.size(1) / group;
    all.push_back(rows.slice(1, 0, groups * group).reshape({rows.size(0), groups, group, rows.size(2)}).mean(2));
  }
  return torch::cat(all, 1);
}

}  // namespace

TEST_CASE("level means kernel: all levels, whole groups only, with gradients, of rows that lie apart") {
  if (!device_at_hand()) return;
  torch::manual_seed(1);
  for (const auto& [tokens, levels] : {std::pair{3, 1}, {4, 2}, {70, 3}, {300, 4}}) {
    INFO(tokens << " tokens, levels " << levels);
    const auto part = [](const Tensor& x) { return x.slice(2, 40); };  // as keys and values lie behind the queries
    in_both_orders([&, tokens = tokens, levels = levels] {
      check_same(
          [&](const Inputs& x) {
            return torch::cat(level_means_kernel(part(x[0].to(kernel_device())), levels), 1).to(torch::kCPU);
          },
          [&](const Inputs& x) { return means(part(x[0]), levels); }, {torch::randn({2, tokens, 180})}, 2e-6);
    });
  }
}

TEST_CASE("level means kernel: bfloat16 rows give 32-bit means") {
  if (!device_at_hand()) return;
  torch::manual_seed(2);
  const Tensor rows = torch::randn({1, 64, 8}).to(torch::kBFloat16);
  const auto by_level = level_means_kernel(rows.to(kernel_device()), 3);
  REQUIRE(by_level.size() == 3);
  CHECK(by_level[0].scalar_type() == torch::kFloat);
  CHECK(by_level[2].sizes() == torch::IntArrayRef({1, 1, 8}));
  CHECK(relative_error(torch::cat(by_level, 1).to(torch::kCPU), means(rows.to(torch::kDouble), 3)) < 1e-6);
}

TEST_CASE("level means kernel: takes one to four levels of contiguous columns") {
  CHECK(level_means_kernel_takes(torch::zeros({1, 8, 4}), 4));
  CHECK_FALSE(level_means_kernel_takes(torch::zeros({1, 8, 4}), 5));
  CHECK_FALSE(level_means_kernel_takes(torch::zeros({1, 4, 8}).transpose(1, 2), 2));
}
