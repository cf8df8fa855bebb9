// Paired attentive regression, the chained tracker of the articles: one regression vector goes from chunk to chunk.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/positions.h"
#include "model/attention/projections.h"
#include "model/tracker/paired_regression.h"

namespace catena::model::lab {

/// Attention inside chunks of C tokens, to each of which the regression vector r of the chunk before was added; at a
/// chunk's end r <- tanh(Linear(last output)) + 0.3 detached r, normalised every second chunk (paired_regression() in
/// model/tracker/paired_regression.h). Cost: 4 T d^2 + 2 T C d + ceil(T / C) d^2. Streams with 2 C d + d numbers.
class PairedChain final : public Mixer {
 public:
  PairedChain(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;
  bool streams() const override { return true; }
  MixerState initial_state(std::int64_t batch) const override;
  std::int64_t state_bytes(std::int64_t length) const override;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;
  torch::Tensor mix_next(const torch::Tensor& x, MixerState& state) const override;

 private:
  Projections projections_;
  PairedRegressionWeights regression_;
  Rotary rotary_;
};

}  // namespace catena::model::lab
