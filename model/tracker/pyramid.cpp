#include "model/tracker/pyramid.h"

#include <cmath>
#include <limits>
#include <vector>

#include "model/tracker/cuda/kernel_ops.h"
#include "model/tracker/product.h"

namespace catena::model {

using torch::Tensor;

namespace {

/// Means of each 4, 16, 64... keys and values, level by level [B, T / group, 2 d] float32 or wider.
std::vector<Tensor> means_by_level(const Tensor& keys_and_values, std::int64_t levels) {
  if constexpr (kernels_linked) {
    if (keys_and_values.is_cuda() && level_means_kernel_takes(keys_and_values, levels))
      return level_means_kernel(keys_and_values, levels);
  }
  const std::int64_t b = keys_and_values.size(0), t = keys_and_values.size(1), columns = keys_and_values.size(2);
  std::vector<Tensor> means;
  for (std::int64_t level = 1; level <= levels; ++level) {
    const std::int64_t group = std::int64_t{1} << (2 * level), groups = t / group;
    means.push_back(keys_and_values.slice(1, 0, groups * group)
                        .reshape({b, groups, group, columns})
                        .mean(2)
                        .to(torch::promote_types(torch::kFloat, keys_and_values.scalar_type())));
  }
  return means;
}

/// The segment's summaries behind those from before: [B, 32 + groups, 2 d + 1].
Tensor with_new_groups(const Tensor& before, const Tensor& means) {
  return torch::cat({before, torch::cat({means, torch::ones({means.size(0), means.size(1), 1}, before.options())}, 2)},
                    1);
}

}  // namespace

Tensor empty_summaries(std::int64_t batch, std::int64_t levels, std::int64_t width, torch::Device device) {
  return torch::zeros({batch, levels * summaries_a_level, 2 * width + 1},
                      torch::TensorOptions().dtype(torch::kFloat).device(device));
}

Tensor pyramid_attention(const Tensor& qkv, std::int64_t heads, std::int64_t chunk, const Rotary& rotary,
                         Tensor& summaries) {
  const std::int64_t b = qkv.size(0), t = qkv.size(1), d = qkv.size(2) / 3, width = d / heads;
  const std::int64_t whole = t / chunk * chunk;
  if (whole < t && whole > 0) {
    const Tensor first = pyramid_attention(qkv.slice(1, 0, whole), heads, chunk, rotary, summaries);
    return torch::cat({first, pyramid_attention(qkv.slice(1, whole), heads, t - whole, rotary, summaries)}, 1);
  }
  const std::int64_t c = whole == 0 ? t : chunk, n = t / c, levels = summaries.size(1) / summaries_a_level;
  const std::vector<Tensor> means = means_by_level(qkv.slice(2, d), levels);
  std::vector<Tensor> seen, after;
  for (std::int64_t level = 0; level < levels; ++level) {
    const std::int64_t group = std::int64_t{1} << (2 * (level + 1));
    const Tensor all = with_new_groups(summaries.narrow(1, level * summaries_a_level, summaries_a_level),
                                       means[static_cast<std::size_t>(level)]);
    const Tensor index = torch::div(torch::arange(n, torch::kLong) * c, group, "floor").unsqueeze(1) +
                         torch::arange(summaries_a_level, torch::kLong);
    seen.push_back(
        all.index_select(1, index.reshape({-1}).to(qkv.device())).view({b, n, summaries_a_level, 2 * d + 1}));
    after.push_back(all.slice(1, all.size(1) - summaries_a_level).detach());
  }
  summaries = torch::cat(after, 1);
  const Tensor visible = torch::cat(seen, 2).to(qkv.scalar_type());  // [B, n, S, 2d + 1]
  const std::int64_t s = visible.size(2);
  const auto by_head = [&](const Tensor& x) {
    return x.reshape({b, n, s, heads, width}).permute({0, 1, 3, 2, 4}).reshape({b * n * heads, s, width});
  };
  const Tensor far_keys = by_head(visible.slice(3, 0, d)), far_values = by_head(visible.slice(3, d, 2 * d));
  const Tensor missing =
      (visible.select(3, 2 * d) == 0).unsqueeze(2).expand({b, n, heads, s}).reshape({b * n * heads, 1, s});

  const auto parts = qkv.view({b, n, c, 3, heads, width}).permute({3, 0, 1, 4, 2, 5}).unbind(0);  // [B, n, H, C, D]
  const auto flat = [&](const Tensor& x) { return x.reshape({b * n * heads, c, width}); };
  const double scale = 1.0 / std::sqrt(static_cast<double>(width));
  const float never = -std::numeric_limits<float>::infinity();
  const Tensor near = product(flat(rotate(parts[0], rotary) * scale), flat(rotate(parts[1], rotary)).transpose(1, 2)) +
                      torch::full({c, c}, never, qkv.options()).triu(1);
  const Tensor far = product(flat(parts[0]) * scale, far_keys.transpose(1, 2)).masked_fill(missing, never);
  const Tensor p = torch::softmax(torch::cat({far, near}, -1), -1);
  const Tensor o = product(p.slice(2, 0, s), far_values) + product(p.slice(2, s), flat(parts[2]));
  return o.view({b, n, heads, c, width}).permute({0, 1, 3, 2, 4}).reshape({b, t, d});
}

}  // namespace catena::model
