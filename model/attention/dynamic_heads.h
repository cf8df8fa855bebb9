// Attention whose heads are switched on and off by what is read.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/positions.h"
#include "model/attention/projections.h"

namespace catena::model::lab {

/// Head h of a token counts where sigmoid(Linear(mean over time))_h > 0.5. Not causal, the mean is of the whole
/// sequence, one decision a sample; causal, of the tokens so far, one decision a token. Without gradients what is
/// switched off is not computed: queries, scores, values and output of a (token, head), and keys and values of a head
/// that no token uses. With gradients all heads are computed and switched, and the way back takes the gate as its
/// sigmoid (straight-through: Bengio et al. 2013, "Estimating or Propagating Gradients Through Stochastic Neurons").
///
/// Cost with all heads on: multi-head attention's and T d H for the gate, of which a share a of the heads costs the
/// share a (keys and values aside). Does not stream: any head may want its keys of long ago.
class DynamicHeads final : public Mixer {
 public:
  DynamicHeads(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;
  /// Probability of each head, [B, T, H].
  torch::Tensor gate(const torch::Tensor& x) const;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;

 private:
  torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                       const torch::Tensor& positions) const;
  torch::Tensor mix_all(const torch::Tensor& x) const;
  torch::Tensor mix_active(const torch::Tensor& x) const;

  Projections projections_;
  torch::Tensor gate_, gate_bias_;
  Rotary rotary_;
};

}  // namespace catena::model::lab
