// The running chunk of a stream: the keys and values that its next token looks at.
#pragma once

#include <torch/types.h>

#include "model/tracker/attention.h"

namespace catena::model::lab {

/// Room for the keys (rotated) and values of one chunk of C tokens: [B, C, 2 d], of fixed size.
torch::Tensor empty_window(std::int64_t batch, std::int64_t chunk, std::int64_t width, torch::ScalarType type);

/// Attention of the chunk's token number `position` to those up to itself: qkv [B, 3 d] -> [B, d]; writes its key and
/// value into `window`. `summaries`: undefined, or [B, S, 2 d + 1], keys without positions, values, and whether they
/// are there: they share the softmax. One step of chunk_attention(), or of pyramid_attention(), of model/tracker.
torch::Tensor attend_in_window(const torch::Tensor& qkv, std::int64_t heads, std::int64_t position,
                               const Rotary& rotary, torch::Tensor& window, const torch::Tensor& summaries = {});

/// Numbers that chunk_attention() multiplies and adds between T tokens: 2 d C^2 a whole chunk, and 2 d r^2 for a rest
/// of r.
double chunk_attention_cost(std::int64_t length, std::int64_t chunk, std::int64_t width);

}  // namespace catena::model::lab
