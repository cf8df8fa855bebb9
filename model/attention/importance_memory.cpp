#include "model/attention/importance_memory.h"

#include <cmath>

#include "model/attention/chunk_window.h"
#include "model/attention/linear_attention.h"
#include "model/attention/scaled_dot_product.h"

namespace catena::model::lab {

using torch::Tensor;

ImportanceMemory::ImportanceMemory(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      projections_(parameters, prefix, config.width),
      hidden_(parameters.add_projection(prefix + "importance.in.weight", config.width, config.width)),
      // Small, since the temperature divides the score.
      score_(parameters.add_normal(prefix + "importance.out.weight", {1, config.width},
                                   0.5 * config.gate_temperature / std::sqrt(static_cast<double>(config.width)))),
      score_bias_(parameters.add(prefix + "importance.out.bias", torch::zeros({1}))),
      rotary_(make_rotary(config.chunk, config.head_width(), 10000, torch::kCPU)) {}

Cost ImportanceMemory::cost(std::int64_t length) const {
  const auto t = static_cast<double>(length), d = static_cast<double>(config().width);
  const std::int64_t width = config().head_width();
  return {projections_.cost(length) + t * (d * d + d),
          chunk_attention_cost(length, config().chunk, config().width) +
              linear_memory_cost(length, config().heads, width, width + 1)};
}

MixerState ImportanceMemory::initial_state(std::int64_t batch) const {
  const std::int64_t width = config().head_width();
  const auto type = projections_.in().scalar_type();
  return {{empty_window(batch, config().chunk, config().width, type),
           torch::zeros({batch * config().heads, width, width + 1}, torch::promote_types(torch::kFloat, type))},
          0};
}

std::int64_t ImportanceMemory::state_bytes(std::int64_t) const {
  return (2 * config().chunk + config().head_width() + 1) * config().width * static_cast<std::int64_t>(sizeof(float));
}

Tensor ImportanceMemory::score(const Tensor& x) const {
  const Tensor hidden = torch::silu(x.matmul(hidden_.t()));
  return torch::sigmoid((hidden.matmul(score_.t()) + score_bias_) / config().gate_temperature);
}

Tensor ImportanceMemory::remembered(const Tensor& qkv, Tensor& memory) const {
  const std::int64_t b = qkv.size(0), t = qkv.size(1), h = config().heads, width = config().head_width();
  const auto parts = split_heads(qkv, 3, h);
  const auto flat = [&](const Tensor& y) { return y.reshape({b * h, t, width}).to(memory.scalar_type()); };
  const Tensor o = normalised_linear_attention(flat(parts[0]), flat(parts[1]), flat(parts[2]), memory);
  return merge_heads(o.view({b, h, t, width})).to(qkv.scalar_type());
}

Tensor ImportanceMemory::mix(const Tensor& x) const {
  const Tensor qkv = projections_.qkv(x);
  MixerState state = initial_state(x.size(0));
  const Tensor local = chunk_attention(qkv, config().heads, config().chunk, rotary_);
  return projections_.result(local + score(x) * remembered(qkv, state.tensors[1]));
}

Tensor ImportanceMemory::mix_next(const Tensor& x, MixerState& state) const {
  const Tensor qkv = projections_.qkv(x);
  const Tensor local = attend_in_window(qkv, config().heads, state.tokens % config().chunk, rotary_, state.tensors[0]);
  return projections_.result(local + score(x) * remembered(qkv.unsqueeze(1), state.tensors[1]).squeeze(1));
}

}  // namespace catena::model::lab
