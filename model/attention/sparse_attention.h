// Attention of whole blocks to a fixed number of other blocks.
#pragma once

#include "model/attention/mixer.h"
#include "model/attention/positions.h"
#include "model/attention/projections.h"

namespace catena::model::lab {

/// Which blocks each block looks at: [blocks, m] int64, the own one first, -1 where there is none.
/// block_sparse: the first block and the last `window`, the own one included (after Child et al. 2019, "Generating Long
/// Sequences with Sparse Transformers", and Zaheer et al. 2020, "Big Bird"); not causal, half of the window lies ahead.
/// random: `random_blocks` others, drawn from a generator of the seed and the block's number, so that a longer sequence
/// keeps what a shorter one has; causal, of those before.
torch::Tensor block_sparse_pattern(const SystemConfig& config, std::int64_t blocks);
torch::Tensor random_pattern(const SystemConfig& config, std::int64_t blocks);

/// Softmax attention where block i (C tokens) looks at the blocks in row i of a pattern; causal, inside its own one
/// only back. q, k, v [B, H, T, D], any T -> [B, H, T, D]. Cost: 2 T m C d, with T rounded up to whole blocks.
torch::Tensor attend_to_blocks(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                               const torch::Tensor& pattern, std::int64_t chunk, bool causal);

/// Block-sparse or random attention, as config.system says, rotary positions from the sequence's start. Cost: 4 T d^2 +
/// 2 T m C d. Does not stream here: which blocks will be looked at again is not known to a state of fixed size.
class SparseAttention final : public Mixer {
 public:
  SparseAttention(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

  Cost cost(std::int64_t length) const override;

 protected:
  torch::ScalarType type() const override { return projections_.in().scalar_type(); }
  torch::Tensor mix(const torch::Tensor& x) const override;

 private:
  torch::Tensor pattern(std::int64_t blocks) const;

  Projections projections_;
  Rotary rotary_;
};

}  // namespace catena::model::lab
