// Memories with a decay for each token and head: gated linear attention, and the gated delta rule of the chained
// tracker.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/projections.h"

namespace catena::model::lab {

/// gated-linear: S <- a_t S + k_t v_t^T with q scaled by 1 / sqrt(D) (Yang et al. 2023, "Gated Linear Attention
/// Transformers with Hardware-Efficient Training"; one decay a head and token instead of one a channel, which keeps the
/// chunk form to differences of logarithms). delta: S <- a_t S; S <- S + b_t k_t (v_t - S^T k_t)^T with q and k of unit
/// length (Yang, Kautz, Hatamizadeh 2024, "Gated Delta Networks"), always computed in float32.
///
/// log a = -softplus(w x + bias), b = sigmoid(w' x), o = S^T q, normalised per head (root mean square) and merged
/// before the output projection. Cost: 4 T d^2 + T d H for the decay (twice for delta) + T (128 D + 2 D^2) H (delta:
/// 192 D + D^2 more a token and head for the correction). Streams with H D^2 numbers. The shipped tracker's mixer is
/// this one with a convolution, an output gate and a deeper importance gate (docs/design.md).
class RegressionMemory final : public Mixer {
 public:
  RegressionMemory(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

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
  torch::ScalarType memory_type() const;

  bool corrected_;
  Projections projections_;
  torch::Tensor decay_, decay_bias_, importance_;
};

}  // namespace catena::model::lab
