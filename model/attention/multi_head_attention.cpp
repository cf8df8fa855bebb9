#include "model/attention/multi_head_attention.h"

#include <stdexcept>

#include "model/attention/scaled_dot_product.h"

namespace catena::model::lab {

using torch::Tensor;

MultiHeadAttention::MultiHeadAttention(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      projections_(parameters, prefix, config.width),
      rotary_(make_rotary(config.max_length, config.head_width(), 10000, torch::kCPU)) {}

Cost MultiHeadAttention::cost(std::int64_t length) const {
  const auto t = static_cast<double>(length), d = static_cast<double>(config().width);
  return {projections_.cost(length), config().causal ? t * (t + 1) * d : 2 * t * t * d};
}

Tensor MultiHeadAttention::mix(const Tensor& x) const {
  const std::int64_t b = x.size(0), t = x.size(1), h = config().heads, width = config().head_width();
  const auto parts = split_heads(projections_.qkv(x), 3, h);
  const Tensor q = rotate(parts[0], rotary_), k = rotate(parts[1], rotary_);
  if (!config().causal) return projections_.result(merge_heads(scaled_dot_product(q, k, parts[2])));
  const auto flat = [&](const Tensor& y) { return y.reshape({b * h, t, width}); };
  const Tensor o = causal_attention(flat(q), flat(k), flat(parts[2]), torch::arange(t, torch::kLong));
  return projections_.result(merge_heads(o.view({b, h, t, width})));
}

MixerState MultiHeadAttention::initial_state(std::int64_t batch) const {
  if (!streams()) return Mixer::initial_state(batch);
  return {{torch::zeros({batch, 0, 2 * config().width}, projections_.in().options().requires_grad(false))}, 0};
}

Tensor MultiHeadAttention::mix_next(const Tensor& x, MixerState& state) const {
  if (!streams()) return Mixer::mix_next(x, state);
  if (state.tokens >= config().max_length) {
    throw std::invalid_argument("system '" + config().system + "': the cache of max_length " +
                                std::to_string(config().max_length) + " tokens is full");
  }
  const Tensor qkv = projections_.qkv(x.unsqueeze(1));
  return projections_.result(full_attention(qkv, config().heads, rotary_, state.tensors[0])).squeeze(1);
}

}  // namespace catena::model::lab
