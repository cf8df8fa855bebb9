#include "model/attention/dynamic_heads.h"

#include <c10/core/GradMode.h>

#include "model/attention/scaled_dot_product.h"

namespace catena::model::lab {

using torch::Tensor;

DynamicHeads::DynamicHeads(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      projections_(parameters, prefix, config.width),
      gate_(parameters.add_projection(prefix + "gate.weight", config.heads, config.width)),
      // Most heads begin switched on: one that is off from the start learns only through its gate.
      gate_bias_(parameters.add(prefix + "gate.bias", torch::ones({config.heads}))),
      rotary_(make_rotary(config.max_length, config.head_width(), 10000, torch::kCPU)) {}

Cost DynamicHeads::cost(std::int64_t length) const {
  const auto t = static_cast<double>(length), d = static_cast<double>(config().width),
             h = static_cast<double>(config().heads);
  return {projections_.cost(length) + (config().causal ? t : 1) * d * h,
          config().causal ? t * (t + 1) * d : 2 * t * t * d};
}

Tensor DynamicHeads::gate(const Tensor& x) const {
  const std::int64_t t = x.size(1);
  if (!config().causal)
    return torch::sigmoid(x.mean(1, true).matmul(gate_.t()) + gate_bias_).expand({x.size(0), t, config().heads});
  const Tensor count = torch::arange(1, t + 1, x.options().requires_grad(false)).unsqueeze(1);
  return torch::sigmoid((x.cumsum(1) / count).matmul(gate_.t()) + gate_bias_);
}

Tensor DynamicHeads::attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& positions) const {
  return config().causal ? causal_attention(q, k, v, positions) : scaled_dot_product(q, k, v);
}

Tensor DynamicHeads::mix(const Tensor& x) const { return torch::GradMode::is_enabled() ? mix_all(x) : mix_active(x); }

Tensor DynamicHeads::mix_all(const Tensor& x) const {
  const std::int64_t b = x.size(0), t = x.size(1), h = config().heads, width = config().head_width();
  const auto parts = split_heads(projections_.qkv(x), 3, h);
  const auto flat = [&](const Tensor& y) { return y.reshape({b * h, t, width}); };
  const Tensor o = attend(flat(rotate(parts[0], rotary_)), flat(rotate(parts[1], rotary_)), flat(parts[2]),
                          torch::arange(t, torch::kLong));
  const Tensor soft = gate(x), hard = (soft > 0.5).to(x.scalar_type());
  const Tensor open = hard + soft - soft.detach();
  return projections_.result(merge_heads(o.view({b, h, t, width}) * open.transpose(1, 2).unsqueeze(3)));
}

Tensor DynamicHeads::mix_active(const Tensor& x) const {
  const std::int64_t b = x.size(0), t = x.size(1), d = config().width, width = config().head_width();
  const Tensor open = gate(x) > 0.5;
  Tensor y = torch::zeros_like(x);
  for (std::int64_t sample = 0; sample < b; ++sample) {
    for (std::int64_t head = 0; head < config().heads; ++head) {
      const Tensor active = open[sample].select(1, head).nonzero().squeeze(1);
      if (active.numel() == 0) continue;
      // Later tokens than the last active one are looked at by none.
      const std::int64_t seen = config().causal ? active[active.numel() - 1].item<std::int64_t>() + 1 : t;
      const Tensor read = x[sample].slice(0, 0, seen);
      const auto weight = [&](std::int64_t part) {
        return projections_.in().narrow(0, part * d + head * width, width).t();
      };
      const Rotary of_active{rotary_.cos.index_select(0, active), rotary_.sin.index_select(0, active)};
      const Tensor q = rotate(x[sample].index_select(0, active).mm(weight(0)), of_active);
      const Tensor k = rotate(read.mm(weight(1)), rotary_), v = read.mm(weight(2));
      const Tensor o = attend(q.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0), active).squeeze(0);
      y[sample].index_add_(0, active, o.mm(projections_.out().narrow(1, head * width, width).t()));
    }
  }
  return y;
}

}  // namespace catena::model::lab
