// Attention over a low-rank projection of the length.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/positions.h"
#include "model/attention/projections.h"

namespace catena::model::lab {

/// Keys and values are projected along time before the softmax: K' = E K, V' = E V.
///
/// Not causal, as published (Wang et al. 2020, "Linformer: Self-Attention with Linear Complexity"): E [rank,
/// max_length] is shared by heads, keys and values, and a sequence of T tokens uses its first T columns. Cost: 4 T d^2
/// + 4 T rank d.
///
/// Causal: the published form mixes the future into every key. Here each chunk of C tokens is projected by E [rank, C]
/// once it is whole; a token looks at its own chunk, causally, and at the projections of those before: 4 T d^2 + 2 T C
/// d, 2 T rank d to project, and about T^2 (rank / C) d to look.
///
/// Keys are rotated before they are projected. Does not stream: the projections of a stream grow with it.
class Linformer final : public Mixer {
 public:
  Linformer(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;

 private:
  torch::Tensor mix_chunks(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) const;

  Projections projections_;
  torch::Tensor along_time_;  ///< E
  Rotary rotary_;
};

}  // namespace catena::model::lab
