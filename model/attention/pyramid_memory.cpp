#include "model/attention/pyramid_memory.h"

#include <algorithm>

#include "model/attention/chunk_window.h"
#include "model/tracker/pyramid.h"

namespace catena::model::lab {

using torch::Tensor;

namespace {

enum Part : std::size_t { window, plain_keys, sums, summaries };  // of the state

}  // namespace

PyramidMemory::PyramidMemory(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      projections_(parameters, prefix, config.width),
      rotary_(make_rotary(config.chunk, config.head_width(), 10000, torch::kCPU)) {}

/// Whole chunks, where there are several: pyramid_attention() reads a rest by itself, behind summaries without
/// gradients.
std::int64_t PyramidMemory::padded(std::int64_t length) const {
  const std::int64_t c = config().chunk;
  return length <= c ? length : (length + c - 1) / c * c;
}

Cost PyramidMemory::cost(std::int64_t length) const {
  const std::int64_t read = padded(length), far = config().levels * summaries_a_level;
  return {projections_.cost(length), chunk_attention_cost(read, config().chunk, config().width) +
                                         2 * static_cast<double>(read * far * config().width)};
}

Tensor PyramidMemory::mix(const Tensor& x) const {
  Tensor nothing = empty_summaries(x.size(0), config().levels, config().width, x.device());
  const Tensor qkv = torch::constant_pad_nd(projections_.qkv(x), {0, 0, 0, padded(x.size(1)) - x.size(1)});
  const Tensor o = pyramid_attention(qkv, config().heads, config().chunk, rotary_, nothing);
  return projections_.result(o.slice(1, 0, x.size(1)));
}

MixerState PyramidMemory::initial_state(std::int64_t batch) const {
  const std::int64_t d = config().width;
  const auto type = projections_.in().scalar_type(), wide = torch::promote_types(torch::kFloat, type);
  return {{empty_window(batch, config().chunk, d, type), torch::zeros({batch, config().chunk, d}, type),
           torch::zeros({batch, config().levels, 2 * d}, wide),
           empty_summaries(batch, config().levels, d, torch::kCPU).to(wide)},
          0};
}

std::int64_t PyramidMemory::state_bytes(std::int64_t) const {
  const std::int64_t d = config().width;
  const std::int64_t numbers = 3 * config().chunk * d + config().levels * (2 * d + summaries_a_level * (2 * d + 1));
  return numbers * static_cast<std::int64_t>(sizeof(float));
}

Tensor PyramidMemory::mix_next(const Tensor& x, MixerState& state) const {
  const std::int64_t d = config().width, position = state.tokens % config().chunk;
  const Tensor qkv = projections_.qkv(x);
  const Tensor o =
      attend_in_window(qkv, config().heads, position, rotary_, state.tensors[window], state.tensors[summaries]);
  Tensor keys = state.tensors[plain_keys].clone();
  keys.select(1, position).copy_(qkv.slice(1, d, 2 * d));
  state.tensors[plain_keys] = keys;
  if (position + 1 == config().chunk) summarise_chunk(state);
  return projections_.result(o);
}

/// Summaries become visible at the chunk's end, groups that end inside the chunk included.
void PyramidMemory::summarise_chunk(MixerState& state) const {
  const std::int64_t d = config().width, c = config().chunk, before = state.tokens + 1 - c;  // tokens before this chunk
  const Tensor values = state.tensors[window].slice(2, d);
  const Tensor chunk = torch::cat({state.tensors[plain_keys], values}, 2).to(state.tensors[sums].scalar_type());
  std::vector<Tensor> all_sums, all_summaries;
  for (std::int64_t level = 0; level < config().levels; ++level) {
    const std::int64_t group = std::int64_t{1} << (2 * (level + 1));
    Tensor sum = state.tensors[sums].select(1, level);
    Tensor kept = state.tensors[summaries].narrow(1, level * summaries_a_level, summaries_a_level);
    for (std::int64_t at = 0; at < c;) {
      const std::int64_t filled = (before + at) % group, take = std::min(group - filled, c - at);
      sum = sum + chunk.slice(1, at, at + take).sum(1);
      at += take;
      if (filled + take < group) break;
      const Tensor mean = torch::cat({sum / static_cast<double>(group), torch::ones_like(sum.slice(1, 0, 1))}, 1);
      kept = torch::cat({kept.slice(1, 1), mean.unsqueeze(1)}, 1);
      sum = torch::zeros_like(sum);
    }
    all_sums.push_back(sum);
    all_summaries.push_back(kept);
  }
  state.tensors[sums] = torch::stack(all_sums, 1);
  state.tensors[summaries] = torch::cat(all_summaries, 1);
}

}  // namespace catena::model::lab
