#include "model/attention/regression_memory.h"

#include <cmath>
#include <tuple>

#include "model/attention/linear_attention.h"
#include "model/attention/scaled_dot_product.h"
#include "model/tracker/delta_rule.h"

namespace catena::model::lab {

using torch::Tensor;

namespace {

constexpr double kHeadNormEps = 1e-5;

/// Heads that forget within 16 to 4096 tokens, evenly in the logarithm; 256 of a single one.
Tensor first_decays(std::int64_t heads) {
  const Tensor place = heads == 1 ? torch::full({1}, 0.5) : torch::linspace(0, 1, heads);
  const Tensor tau = 16 * torch::pow(256.0, place);
  return tau.reciprocal().expm1().log().to(torch::kFloat);
}

Tensor unit(const Tensor& x) { return x * (x.square().sum(-1, true) + 1e-6).rsqrt(); }

}  // namespace

RegressionMemory::RegressionMemory(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix)
    : Mixer(config),
      corrected_(config.system == "delta"),
      projections_(parameters, prefix, config.width),
      decay_(parameters.add_normal(prefix + "decay.weight", {config.heads, config.width},
                                   0.1 / std::sqrt(static_cast<double>(config.width)))),
      decay_bias_(parameters.add(prefix + "decay.bias", first_decays(config.heads))) {
  if (corrected_) importance_ = parameters.add_projection(prefix + "importance.weight", config.heads, config.width);
}

Cost RegressionMemory::cost(std::int64_t length) const {
  const auto tokens = static_cast<double>(length), heads = static_cast<double>(config().heads),
             width = static_cast<double>(config().head_width());
  const double gates = (corrected_ ? 2 : 1) * tokens * static_cast<double>(config().width) * heads;
  const double memory = linear_memory_cost(length, config().heads, config().head_width(), config().head_width());
  // k k^T, its inverse times v and k, and what the memory already says about k. Making the inverse is no product.
  const double correction = corrected_ ? tokens * heads * (64 * width + 2 * 64 * width + width * width) : 0;
  return {projections_.cost(length) + gates, memory + correction};
}

torch::ScalarType RegressionMemory::memory_type() const {
  // The inverse in the delta rule's chunk form exists in 32 bits only.
  return corrected_ ? torch::kFloat : torch::promote_types(torch::kFloat, projections_.in().scalar_type());
}

MixerState RegressionMemory::initial_state(std::int64_t batch) const {
  const std::int64_t width = config().head_width();
  return {{torch::zeros({batch * config().heads, width, width}, memory_type())}, 0};
}

std::int64_t RegressionMemory::state_bytes(std::int64_t) const {
  return config().width * config().head_width() * static_cast<std::int64_t>(sizeof(float));
}

Tensor RegressionMemory::read(const Tensor& x, Tensor& state) const {
  const std::int64_t b = x.size(0), t = x.size(1), h = config().heads, width = config().head_width();
  const auto parts = split_heads(projections_.qkv(x), 3, h);
  const auto flat = [&](const Tensor& y) { return y.reshape({b * h, t, width}).to(memory_type()); };
  const auto per_head = [&](const Tensor& y) { return y.to(memory_type()).transpose(1, 2).reshape({b * h, t}); };
  const Tensor log_a = -torch::softplus(per_head(x.matmul(decay_.t()) + decay_bias_));
  Tensor o;
  if (corrected_) {
    DeltaInputs in;
    in.q = unit(flat(parts[0]));
    in.k = unit(flat(parts[1]));
    in.v = flat(parts[2]);
    in.log_a = log_a;
    in.b = per_head(torch::sigmoid(x.matmul(importance_.t())));
    in.state = state;
    std::tie(o, state) = t == 1 ? delta_rule_recurrent(in) : delta_rule_chunked(in);
  } else {
    const Tensor q = flat(parts[0]) / std::sqrt(static_cast<double>(width));
    std::tie(o, state) = linear_memory(q, flat(parts[1]), flat(parts[2]), log_a, state);
  }
  o = o * (o.square().mean(-1, true) + kHeadNormEps).rsqrt();
  return projections_.result(merge_heads(o.view({b, h, t, width})).to(x.scalar_type()));
}

Tensor RegressionMemory::mix(const Tensor& x) const {
  MixerState state = initial_state(x.size(0));
  return read(x, state.tensors[0]);
}

Tensor RegressionMemory::mix_next(const Tensor& x, MixerState& state) const {
  return read(x.unsqueeze(1), state.tensors[0]).squeeze(1);
}

}  // namespace catena::model::lab
