// Multi-head softmax attention over everything: the Transformer's mixer.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/positions.h"
#include "model/attention/projections.h"

namespace catena::model::lab {

/// out(merge(softmax(q k^T / sqrt(D)) v)) with one projection for all heads and rotary positions counted from the
/// sequence's start. Cost of T tokens: 4 T d^2 for the projections and, causal, T (T + 1) d for scores and values (T^2
/// d each otherwise). Streams with a cache of all keys and values: 2 T d numbers, which grow without bound. Source:
/// Vaswani et al. 2017, "Attention Is All You Need"; positions: Su et al. 2021, "RoFormer".
class MultiHeadAttention final : public Mixer {
 public:
  MultiHeadAttention(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;
  bool streams() const override { return config().causal; }
  MixerState initial_state(std::int64_t batch) const override;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;
  torch::Tensor mix_next(const torch::Tensor& x, MixerState& state) const override;

 private:
  Projections projections_;
  Rotary rotary_;
};

}  // namespace catena::model::lab
