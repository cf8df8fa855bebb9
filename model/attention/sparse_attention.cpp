#include "model/attention/sparse_attention.h"

#include <algorithm>
#include <random>

#include "model/attention/scaled_dot_product.h"

namespace catena::model::lab {

using torch::Tensor;

namespace {

using Rows = std::vector<std::vector<std::int64_t>>;

Tensor to_pattern(const Rows& rows) {
  std::size_t most = 1;
  for (const auto& row : rows) most = std::max(most, row.size());
  Tensor pattern =
      torch::full({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(most)}, -1, torch::kLong);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i].begin(), rows[i].end(), pattern.data_ptr<std::int64_t>() + i * most);
  }
  return pattern;
}

}  // namespace

Tensor block_sparse_pattern(const SystemConfig& config, std::int64_t blocks) {
  Rows rows;
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::int64_t ahead = config.causal ? 0 : (config.window - 1) / 2;
    std::vector<std::int64_t> row{i};
    for (std::int64_t j = i + ahead; j > i + ahead - config.window; --j) {
      if (j != i && j >= 0 && j < blocks) row.push_back(j);
    }
    if (std::find(row.begin(), row.end(), 0) == row.end()) row.push_back(0);
    rows.push_back(row);
  }
  return to_pattern(rows);
}

Tensor random_pattern(const SystemConfig& config, std::int64_t blocks) {
  Rows rows;
  for (std::int64_t i = 0; i < blocks; ++i) {
    std::seed_seq seed{config.seed, static_cast<std::uint64_t>(i)};
    std::mt19937_64 random(seed);
    std::vector<std::int64_t> others, row{i};
    for (std::int64_t j = 0; j < (config.causal ? i : blocks); ++j) {
      if (j != i) others.push_back(j);
    }
    std::sample(others.begin(), others.end(), std::back_inserter(row), config.random_blocks, random);
    rows.push_back(row);
  }
  return to_pattern(rows);
}

Tensor attend_to_blocks(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& pattern, std::int64_t chunk,
                        bool causal) {
  const std::int64_t b = q.size(0), h = q.size(1), t = q.size(2), width = q.size(3), n = pattern.size(0),
                     m = pattern.size(1);
  const auto blocks = [&](const Tensor& x) {
    const Tensor whole = n * chunk == t ? x : torch::constant_pad_nd(x, {0, 0, 0, n * chunk - t});
    return whole.reshape({b, h, n, chunk, width});
  };
  const Tensor index = pattern.clamp_min(0).reshape({-1});
  const auto gathered = [&](const Tensor& x) {
    return blocks(x).index_select(2, index).view({b, h, n, m * chunk, width});
  };
  const Tensor inside = torch::arange(chunk, torch::kLong);
  const Tensor key_at = (pattern.clamp_min(0) * chunk).unsqueeze(2) + inside;  // [n, m, C]
  Tensor visible = (pattern.unsqueeze(2) >= 0) & (key_at < t);
  visible = visible.view({n, 1, m * chunk});
  if (causal) {
    const Tensor query_at = torch::arange(n * chunk, torch::kLong).view({n, chunk, 1});
    visible = visible & (key_at.view({n, 1, m * chunk}) <= query_at);
  }
  const Tensor o = scaled_dot_product(blocks(q), gathered(k), gathered(v), visible);
  return o.reshape({b, h, n * chunk, width}).slice(2, 0, t);
}

SparseAttention::SparseAttention(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      projections_(parameters, prefix, config.width),
      rotary_(make_rotary(config.max_length, config.head_width(), 10000, torch::kCPU)) {}

Tensor SparseAttention::pattern(std::int64_t blocks) const {
  return config().system == "random" ? random_pattern(config(), blocks) : block_sparse_pattern(config(), blocks);
}

Cost SparseAttention::cost(std::int64_t length) const {
  const std::int64_t blocks = (length + config().chunk - 1) / config().chunk;
  const auto seen = static_cast<double>(pattern(blocks).size(1) * config().chunk);
  return {projections_.cost(length),
          2 * static_cast<double>(blocks * config().chunk) * seen * static_cast<double>(config().width)};
}

Tensor SparseAttention::mix(const Tensor& x) const {
  const auto parts = split_heads(projections_.qkv(x), 3, config().heads);
  const std::int64_t blocks = (x.size(1) + config().chunk - 1) / config().chunk;
  const Tensor o = attend_to_blocks(rotate(parts[0], rotary_), rotate(parts[1], rotary_), parts[2], pattern(blocks),
                                    config().chunk, config().causal);
  return projections_.result(merge_heads(o));
}

}  // namespace catena::model::lab
