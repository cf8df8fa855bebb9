// Pyramid memory (SYSTEMS M2): beside its chunk, a token looks at summaries of what came before it, coarser the farther
// back.
#pragma once

#include <torch/types.h>

#include "model/tracker/attention.h"

namespace catena::model {

/// Summaries kept a level. Level l (from 1) pools 4^l tokens: three levels reach 2048 tokens back.
inline constexpr std::int64_t summaries_a_level = 32;

/// Nothing read yet: [B, levels * summaries_a_level, 2 d + 1], a key, a value and whether it is there.
torch::Tensor empty_summaries(std::int64_t batch, std::int64_t levels, std::int64_t width, torch::Device device);

/// Causal attention inside chunks of C tokens and over the summaries of the tokens before the chunk. A summary is the
/// mean of the keys (without positions) and of the values of its tokens; only whole groups are looked at. qkv [B, T, 3
/// H D] -> [B, T, H D]; `summaries` is moved past the segment, without gradients; groups are counted from the segment's
/// start. Cost: B T (C + 32 levels) H D.
torch::Tensor pyramid_attention(const torch::Tensor& qkv, std::int64_t heads, std::int64_t chunk, const Rotary& rotary,
                                torch::Tensor& summaries);

}  // namespace catena::model
