// An auxiliary loss of the chain: what a chunk hands on should say what the next one is about.
#pragma once

#include <torch/types.h>

#include "model/tracker/linear.h"

namespace catena::model {

/// Mean cross entropy (nats a token) of softmax(y W^T) against the tokens of the next chunk as an unordered set, for
/// the last output y of every chunk of C tokens that another one follows in the segment; 0 where none does. Learns no
/// weights of its own: W [V, d] is the embedding that the head uses.
///
/// y [B*T, d]: last outputs of Tracker::forward() for tokens [B, T] int64, T a multiple of C. Differentiable in y and
/// W.
torch::Tensor next_chunk_loss(const torch::Tensor& y, const MasterWeight& embedding, const torch::Tensor& tokens,
                              std::int64_t chunk);

}  // namespace catena::model
