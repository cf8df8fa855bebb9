#include "model/attention/linformer.h"

#include <algorithm>
#include <cmath>

#include "model/attention/chunk_window.h"
#include "model/attention/scaled_dot_product.h"

namespace catena::model::lab {

using torch::Tensor;

namespace {

std::int64_t projected(const SystemConfig& config) { return config.causal ? config.chunk : config.max_length; }

}  // namespace

Linformer::Linformer(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      projections_(parameters, prefix, config.width),
      along_time_(parameters.add_normal(prefix + "along_time.weight", {config.rank, projected(config)},
                                        1 / std::sqrt(static_cast<double>(projected(config))))),
      rotary_(make_rotary(config.max_length, config.head_width(), 10000, torch::kCPU)) {}

Cost Linformer::cost(std::int64_t length) const {
  const auto t = static_cast<double>(length), d = static_cast<double>(config().width),
             r = static_cast<double>(config().rank);
  if (!config().causal) return {projections_.cost(length), 4 * t * r * d};
  const std::int64_t c = config().chunk, whole = (length - 1) / c;  // chunks that a later one looks at
  double looks = 0;
  for (std::int64_t i = 1; i <= whole; ++i) looks += 2 * static_cast<double>(std::min(c, length - i * c) * i) * r * d;
  return {projections_.cost(length),
          chunk_attention_cost(length, c, config().width) + 2 * static_cast<double>(whole * c) * r * d + looks};
}

Tensor Linformer::mix(const Tensor& x) const {
  const auto parts = split_heads(projections_.qkv(x), 3, config().heads);
  const Tensor q = rotate(parts[0], rotary_), k = rotate(parts[1], rotary_);
  if (config().causal) return projections_.result(merge_heads(mix_chunks(q, k, parts[2])));
  const Tensor e = along_time_.slice(1, 0, x.size(1));
  return projections_.result(merge_heads(scaled_dot_product(q, e.matmul(k), e.matmul(parts[2]))));
}

Tensor Linformer::mix_chunks(const Tensor& q, const Tensor& k, const Tensor& v) const {
  const std::int64_t t = q.size(2), c = config().chunk, r = config().rank, whole = (t - 1) / c;
  const auto project = [&](const Tensor& x) {  // [B, H, whole * rank, D]
    const Tensor chunks = x.slice(2, 0, whole * c).reshape({x.size(0), x.size(1), whole, c, x.size(3)});
    return along_time_.matmul(chunks).flatten(2, 3);
  };
  const Tensor far_keys = project(k), far_values = project(v);
  std::vector<Tensor> outputs;
  for (std::int64_t i = 0; i * c < t; ++i) {
    const std::int64_t begin = i * c, end = std::min(t, begin + c), n = end - begin;
    const auto seen = [&](const Tensor& far, const Tensor& near) {
      return torch::cat({far.slice(2, 0, i * r), near.slice(2, begin, end)}, 2);
    };
    const Tensor mask = torch::ones({n, i * r + n}, torch::kBool).tril(i * r);
    outputs.push_back(scaled_dot_product(q.slice(2, begin, end), seen(far_keys, k), seen(far_values, v), mask));
  }
  return torch::cat(outputs, 2);
}

}  // namespace catena::model::lab
