// The regression memory: gated delta rule over whole sequences.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <utility>

namespace catena::model {

/// Inputs of the gated delta rule; N = batch times heads, D = head width. All float32.
struct DeltaInputs {
  torch::Tensor q, k, v;  ///< [N, T, D]; q and k of unit length. v and the state's columns may be of another width
  torch::Tensor log_a;    ///< [N, T], <= 0: log of the decay
  torch::Tensor b;        ///< [N, T], in (0, 1): importance
  torch::Tensor state;    ///< [N, D, D], rows indexed by k
  bool corrected = true;  ///< false: S <- a S + b k v^T, gated linear attention (Yang et al. 2023)
  std::int64_t truncate = 0;  ///< no gradient reaches back through the state over a multiple of so many tokens; 0: any
};

/// Outputs [N, T, D] and the state after the last token.
using DeltaOutputs = std::pair<torch::Tensor, torch::Tensor>;

/// The longest block of at most `longest` tokens whose multiples meet every truncation.
inline std::int64_t delta_block_length(std::int64_t longest, std::int64_t truncate) {
  std::int64_t block = truncate == 0 ? longest : std::min(longest, truncate);
  while (truncate % block != 0) --block;
  return block;
}

/// One token after the other: S <- a S; S <- S + b k (v - S^T k)^T; o = S^T q. The definition; for tests.
DeltaOutputs delta_rule_recurrent(const DeltaInputs& in);

/// Chunk-parallel (WY) form, differentiable: matrix products inside blocks of 64, a short loop over blocks. Any T.
/// Source: Yang, Wang, Zhang, Shen, Kim 2024, "Parallelizing Linear Transformers with the Delta Rule over Sequence
/// Length"; decay as in Yang, Kautz, Hatamizadeh 2024, "Gated Delta Networks". Cost: about 8 * 64 * D multiply-adds a
/// token.
DeltaOutputs delta_rule_chunked(const DeltaInputs& in);

/// The same on the CPU in one function, of queries and keys that it brings to unit length (fused_ops.h), in a layer's
/// own order: qkv [B, T, 3, H, D], log_a and b [B, T, H], state [B H, D, D] -> [B, T, H, D] and the state. Keeps its
/// inputs and the state before each block of 64. Where fuses_delta_rule(): float32 on a processor with AVX2, D a
/// multiple of 4.
bool fuses_delta_rule(const torch::Tensor& qkv);
DeltaOutputs fused_delta_rule(const torch::Tensor& qkv, const torch::Tensor& log_a, const torch::Tensor& b,
                              const torch::Tensor& state, bool corrected, std::int64_t truncate);

}  // namespace catena::model
