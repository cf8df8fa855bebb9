// Attention inside independent blocks.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/positions.h"
#include "model/attention/projections.h"

namespace catena::model::lab {

/// Multi-head attention inside blocks of C tokens that know nothing of each other, positions counted from the block's
/// start; the last block may be shorter, nothing is dropped. Cost: 4 T d^2 + 2 T C d. Streams with the running block's
/// keys and values: 2 C d numbers, however long the stream. A thin wrapper of chunk_attention()
/// (model/tracker/attention.h).
class BlockAttention final : public Mixer {
 public:
  BlockAttention(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;
  bool streams() const override { return config().causal; }
  MixerState initial_state(std::int64_t batch) const override;
  std::int64_t state_bytes(std::int64_t length) const override;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;
  torch::Tensor mix_next(const torch::Tensor& x, MixerState& state) const override;

 private:
  Projections projections_;
  Rotary rotary_;
};

}  // namespace catena::model::lab
