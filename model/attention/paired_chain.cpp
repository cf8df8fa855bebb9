#include "model/attention/paired_chain.h"

#include "model/attention/chunk_window.h"

namespace catena::model::lab {

using torch::Tensor;

PairedChain::PairedChain(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      projections_(parameters, prefix, config.width),
      rotary_(make_rotary(config.chunk, config.head_width(), 10000, torch::kCPU)) {
  regression_.regression_weight = parameters.add_projection(prefix + "regression.weight", config.width, config.width);
  regression_.regression_bias = parameters.add(prefix + "regression.bias", torch::zeros({config.width}));
  regression_.norm_weight = parameters.add(prefix + "regression_norm.weight", torch::ones({config.width}));
  regression_.norm_bias = parameters.add(prefix + "regression_norm.bias", torch::zeros({config.width}));
}

Cost PairedChain::cost(std::int64_t length) const {
  const auto d = static_cast<double>(config().width);
  const auto chunks = static_cast<double>((length + config().chunk - 1) / config().chunk);
  return {projections_.cost(length), chunk_attention_cost(length, config().chunk, config().width) + chunks * d * d};
}

MixerState PairedChain::initial_state(std::int64_t batch) const {
  const auto type = projections_.in().scalar_type();
  return {{empty_window(batch, config().chunk, config().width, type),
           torch::zeros({batch, config().width}, torch::promote_types(torch::kFloat, type))},
          0};
}

std::int64_t PairedChain::state_bytes(std::int64_t) const {
  return (2 * config().chunk + 1) * config().width * static_cast<std::int64_t>(sizeof(float));
}

Tensor PairedChain::mix(const Tensor& x) const {
  const auto attention = [&](const Tensor& u) {
    return projections_.result(chunk_attention(projections_.qkv(u), config().heads, config().chunk, rotary_));
  };
  return paired_regression(x, initial_state(x.size(0)).tensors[1], config().chunk, 0, attention, regression_).outputs;
}

Tensor PairedChain::mix_next(const Tensor& x, MixerState& state) const {
  const std::int64_t position = state.tokens % config().chunk;
  Tensor& r = state.tensors[1];
  const Tensor qkv = projections_.qkv(x + r.to(x.scalar_type()));
  const Tensor y = projections_.result(attend_in_window(qkv, config().heads, position, rotary_, state.tensors[0]));
  if (position + 1 == config().chunk) r = next_regression(y, r, state.tokens / config().chunk, regression_);
  return y;
}

}  // namespace catena::model::lab
