// Softmax attention inside chunks, with rotary positions counted from the chunk start.
#pragma once

#include <torch/types.h>

namespace catena::model {

/// cos and sin tables [positions, D/2] float32 (rotary encoding: Su et al. 2021, half-split convention).
struct Rotary {
  torch::Tensor cos, sin;
};
Rotary make_rotary(std::int64_t positions, std::int64_t head_width, double base, torch::Device device);

/// Rotates x [..., T, D] by positions 0..T-1.
torch::Tensor rotate(const torch::Tensor& x, const Rotary& rotary);

/// Attention inside chunks of C tokens, of each to those up to it, or to the whole chunk. qkv [B, T, 3 H D] in the
/// compute type
/// -> [B, T, H D]. The last chunk may be shorter. Cost: 2 B T C H D multiply-adds (causal: half of the scores are
/// masked).
enum class Sight { back, around };
torch::Tensor chunk_attention(const torch::Tensor& qkv, std::int64_t heads, std::int64_t chunk, const Rotary& rotary,
                              Sight sight = Sight::back);

/// chunk_attention() on the CPU without anything but its input kept for the way back, in float32 or bfloat16; and
/// whether there is that for such a tensor. chunk_attention() takes it where there is; the tests compare the two.
bool fuses_attention(const torch::Tensor& qkv);
torch::Tensor fused_chunk_attention(const torch::Tensor& qkv, std::int64_t heads, std::int64_t chunk,
                                    const Rotary& rotary, Sight sight);

/// Causal attention over the whole segment and everything before it: a Transformer's. qkv [B, T, 3 H D] -> [B, T, H D].
/// `cache` [B, P, 2 H D] holds the keys (rotated by their positions 0..P-1) and values from before, and grows by the
/// segment's, without gradients. `rotary` reaches to P + T. Cost: B T (P + T) H D multiply-adds and, where no fused
/// form takes it, as many scores in memory.
torch::Tensor full_attention(const torch::Tensor& qkv, std::int64_t heads, const Rotary& rotary, torch::Tensor& cache);

/// full_attention() where fuses_attention(): scores of a few queries at a time, and nothing is kept for the way back
/// but its input, keys and values.
torch::Tensor fused_full_attention(const torch::Tensor& qkv, std::int64_t heads, const Rotary& rotary,
                                   torch::Tensor& cache);

}  // namespace catena::model
