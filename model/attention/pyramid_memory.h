// Pyramid memory: beside its chunk a token looks at summaries of what came before, coarser the farther back.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/positions.h"
#include "model/attention/projections.h"

namespace catena::model::lab {

/// Attention inside the chunk and over the last 32 means of 4, 16, 64... earlier tokens, `levels` of them, in one
/// softmax (pyramid_attention() in model/tracker/pyramid.h; the practitioners' description has 3 to 5 levels and one
/// top summary of fixed length 64). Cost: 4 T d^2 + 2 T (C + 32 levels) d: linear in T; the pooling is additions.
/// Streams: the running chunk's keys, also without positions, and values, the groups that are not full yet, and the
/// summaries: 3 C d + levels (2 d + 32 (2 d + 1)) numbers.
class PyramidMemory final : public Mixer {
 public:
  PyramidMemory(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;
  bool streams() const override { return true; }
  MixerState initial_state(std::int64_t batch) const override;
  std::int64_t state_bytes(std::int64_t length) const override;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;
  torch::Tensor mix_next(const torch::Tensor& x, MixerState& state) const override;

 private:
  std::int64_t padded(std::int64_t length) const;
  void summarise_chunk(MixerState& state) const;

  Projections projections_;
  Rotary rotary_;
};

}  // namespace catena::model::lab
