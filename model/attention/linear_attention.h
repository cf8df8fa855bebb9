// Attention without softmax: a memory of fixed size in place of all keys and values.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/projections.h"
#include "model/tracker/delta_rule.h"

namespace catena::model::lab {

/// S <- a_t S + k_t v_t^T; o_t = S^T q_t, over whole sequences. q, k [N, T, D], v [N, T, E], float32 or wider; log_a
/// [N, T] <= 0, or undefined: nothing is forgotten, and nothing but q, k, v and the state gets a gradient; state [N, D,
/// E], or undefined: zeros. Returns o [N, T, E] and the last S. The uncorrected form of delta_rule_chunked(): matrix
/// products in blocks of 64 tokens, 64 (D + E) + 2 D E multiply-adds a token.
DeltaOutputs linear_memory(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                           const torch::Tensor& log_a = {}, const torch::Tensor& state = {});

/// phi(q_t)^T sum_s phi(k_s) v_s^T / phi(q_t)^T sum_s phi(k_s) over s <= t, phi(x) = elu(x) + 1, a token seeing itself.
/// q, k, v [N, T, D]; `state` [N, D, D + 1], numerator and denominator, is moved past the tokens. Source: Katharopoulos
/// et al. 2020, "Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention".
torch::Tensor normalised_linear_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                          torch::Tensor& state);

/// Multiply-adds of linear_memory() for T tokens of H heads: q and k of D, values of E.
double linear_memory_cost(std::int64_t length, std::int64_t heads, std::int64_t key_width, std::int64_t value_width);

/// Linear attention of H heads: the heads' outputs are merged (b n h d -> b n (h d)) before the output projection.
/// Cost: 4 T d^2 + T (64 (2 D + 1) + 2 D (D + 1)) H. Streams with H D (D + 1) numbers. Has no positions: it reads sums
/// over the past.
class LinearAttention final : public Mixer {
 public:
  LinearAttention(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;
  bool streams() const override { return true; }
  MixerState initial_state(std::int64_t batch) const override;
  std::int64_t state_bytes(std::int64_t length) const override;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;
  torch::Tensor mix_next(const torch::Tensor& x, MixerState& state) const override;

 private:
  torch::Tensor read(const torch::Tensor& x, torch::Tensor& state) const;

  Projections projections_;
};

}  // namespace catena::model::lab
