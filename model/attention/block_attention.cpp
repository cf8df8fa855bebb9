#include "model/attention/block_attention.h"

#include "model/attention/chunk_window.h"

namespace catena::model::lab {

using torch::Tensor;

BlockAttention::BlockAttention(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      projections_(parameters, prefix, config.width),
      rotary_(make_rotary(config.chunk, config.head_width(), 10000, torch::kCPU)) {}

Cost BlockAttention::cost(std::int64_t length) const {
  return {projections_.cost(length), chunk_attention_cost(length, config().chunk, config().width)};
}

Tensor BlockAttention::mix(const Tensor& x) const {
  const Sight sight = config().causal ? Sight::back : Sight::around;
  return projections_.result(chunk_attention(projections_.qkv(x), config().heads, config().chunk, rotary_, sight));
}

MixerState BlockAttention::initial_state(std::int64_t batch) const {
  if (!streams()) return Mixer::initial_state(batch);
  return {{empty_window(batch, config().chunk, config().width, projections_.in().scalar_type())}, 0};
}

std::int64_t BlockAttention::state_bytes(std::int64_t length) const {
  return Mixer::state_bytes(streams() ? config().chunk : length);
}

Tensor BlockAttention::mix_next(const Tensor& x, MixerState& state) const {
  if (!streams()) return Mixer::mix_next(x, state);
  return projections_.result(
      attend_in_window(projections_.qkv(x), config().heads, state.tokens % config().chunk, rotary_, state.tensors[0]));
}

}  // namespace catena::model::lab
