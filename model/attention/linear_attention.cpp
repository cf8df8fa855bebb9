#include "model/attention/linear_attention.h"

#include "model/attention/scaled_dot_product.h"

namespace catena::model::lab {

using torch::Tensor;

namespace {

constexpr double kBlock = 64;      // of delta_rule_chunked()
constexpr double kNothing = 1e-6;  // keeps a denominator from zero

Tensor feature(const Tensor& x) { return torch::elu(x) + 1; }

}  // namespace

DeltaOutputs linear_memory(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& log_a,
                           const Tensor& state) {
  const auto options = q.options().requires_grad(false);
  DeltaInputs in;
  in.corrected = false;
  in.q = q;
  in.k = k;
  in.v = v;
  in.log_a = log_a.defined() ? log_a : torch::zeros({q.size(0), q.size(1)}, options);
  in.b = torch::ones({q.size(0), q.size(1)}, options);
  in.state = state.defined() ? state : torch::zeros({q.size(0), q.size(2), v.size(2)}, options);
  return q.size(1) == 1 ? delta_rule_recurrent(in) : delta_rule_chunked(in);
}

Tensor normalised_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, Tensor& state) {
  const Tensor counted = torch::cat({v, torch::ones_like(v.slice(2, 0, 1))}, 2);  // the last column sums the keys
  const auto [sums, after] = linear_memory(feature(q), feature(k), counted, {}, state);
  state = after;
  const std::int64_t width = v.size(2);
  return sums.slice(2, 0, width) / (sums.slice(2, width) + kNothing);
}

double linear_memory_cost(std::int64_t length, std::int64_t heads, std::int64_t key_width, std::int64_t value_width) {
  const auto d = static_cast<double>(key_width), e = static_cast<double>(value_width);
  return static_cast<double>(length * heads) * (kBlock * (d + e) + 2 * d * e);
}

LinearAttention::LinearAttention(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config), projections_(parameters, prefix, config.width) {}

Cost LinearAttention::cost(std::int64_t length) const {
  const std::int64_t width = config().head_width();
  return {projections_.cost(length), linear_memory_cost(length, config().heads, width, width + 1)};
}

MixerState LinearAttention::initial_state(std::int64_t batch) const {
  const std::int64_t width = config().head_width();
  const auto type = torch::promote_types(torch::kFloat, projections_.in().scalar_type());
  return {{torch::zeros({batch * config().heads, width, width + 1}, type)}, 0};
}

std::int64_t LinearAttention::state_bytes(std::int64_t) const {
  return config().width * (config().head_width() + 1) * static_cast<std::int64_t>(sizeof(float));
}

Tensor LinearAttention::read(const Tensor& x, Tensor& state) const {
  const std::int64_t b = x.size(0), t = x.size(1), h = config().heads, width = config().head_width();
  const auto parts = split_heads(projections_.qkv(x), 3, h);
  const auto flat = [&](const Tensor& y) { return y.reshape({b * h, t, width}).to(state.scalar_type()); };
  const Tensor o = normalised_linear_attention(flat(parts[0]), flat(parts[1]), flat(parts[2]), state);
  return projections_.result(merge_heads(o.view({b, h, t, width})).to(x.scalar_type()));
}

Tensor LinearAttention::mix(const Tensor& x) const {
  MixerState state = initial_state(x.size(0));
  return read(x, state.tensors[0]);
}

Tensor LinearAttention::mix_next(const Tensor& x, MixerState& state) const {
  return read(x.unsqueeze(1), state.tensors[0]).squeeze(1);
}

}  // namespace catena::model::lab
