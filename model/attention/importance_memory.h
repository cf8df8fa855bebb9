// Block attention beside a memory that an importance gate opens (MIS).
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/positions.h"
#include "model/attention/projections.h"

namespace catena::model::lab {

/// out(local + s_t * read): local is attention inside the chunk, read is normalised linear attention over everything so
/// far, with the same queries, keys and values, and s_t in (0, 1) = sigmoid((W2 silu(W1 x_t)) / temperature), W1 [d,
/// d], W2 [1, d], decides how much of the memory the token uses (the practitioners' "MIS"; the temperature starts at
/// 0.1). Cost: 5 T d^2 + T d + 2 T C d + T (64 (2 D + 1) + 2 D (D + 1)) H. Streams with 2 C d + H D (D + 1) numbers.
class ImportanceMemory final : public Mixer {
 public:
  ImportanceMemory(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;
  bool streams() const override { return true; }
  MixerState initial_state(std::int64_t batch) const override;
  std::int64_t state_bytes(std::int64_t length) const override;
  /// s for x [..., d]: [..., 1].
  torch::Tensor score(const torch::Tensor& x) const;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;
  torch::Tensor mix_next(const torch::Tensor& x, MixerState& state) const override;

 private:
  torch::Tensor remembered(const torch::Tensor& qkv, torch::Tensor& memory) const;

  Projections projections_;
  torch::Tensor hidden_, score_, score_bias_;
  Rotary rotary_;
};

}  // namespace catena::model::lab
