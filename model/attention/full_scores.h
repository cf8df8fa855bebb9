// The Transformer that published memory figures are against: attention that makes every score of a batch at once.
#pragma once

#include <torch/types.h>

#include "model/tracker/attention.h"
#include "model/tracker/parameters.h"

namespace catena::model::lab {

/// softmax(q k^T / sqrt(D)) v with the masked square of scores [B, H, T, T] as a tensor, one operator after the other,
/// the way tutorials write it: autograd keeps the softmax of the whole batch, and on the way back its gradient and that
/// of the scores are as large again. q, k, v [B, H, T, D] -> [B, H, T, D]. full_attention() (model/tracker/attention.h)
/// computes the same for one stream at a time.
torch::Tensor full_scores_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);

/// What a Tracker with `carry = attention` computes of a segment that knows nothing before it, on the same weights,
/// with full_scores_attention(). Only to be measured against.
class FullScoresTransformer {
 public:
  /// `longest`: tokens of the longest segment. Throws std::invalid_argument when the parameters are of another carry.
  FullScoresTransformer(const Parameters& parameters, std::int64_t longest);

  /// tokens [B, T] int64 -> y [B * T, d] in the compute type, the input of head_loss().
  torch::Tensor forward(const torch::Tensor& tokens) const;

 private:
  torch::Tensor mixer(const std::string& prefix, const torch::Tensor& h, std::int64_t batch) const;

  const Parameters& parameters_;
  Rotary rotary_;
};

}  // namespace catena::model::lab
