// Multi-head attention token by token in buffers that are there from the beginning.
#pragma once

#include <torch/types.h>

#include "model/attention/positions.h"

namespace catena::model::lab {

/// What MultiHeadAttention::step() computes, one token a call, with a KV cache of fixed capacity and every intermediate
/// in a buffer of its own: a step allocates no tensor memory (memory_counters(), counted by the tests). float32, CPU.
class AttentionDecoder {
 public:
  /// in [3 d, d] and out [d, d]: the projections of a MultiHeadAttention ("in.weight", "out.weight"). `capacity`:
  /// tokens of the longest stream. Throws std::invalid_argument with one line when heads do not divide the width or a
  /// size is not positive.
  AttentionDecoder(const torch::Tensor& in, const torch::Tensor& out, std::int64_t heads, std::int64_t batch,
                   std::int64_t capacity);

  /// x [B, d] -> y [B, d], valid until the next call. Throws std::invalid_argument with one line when the cache is full
  /// or x has another shape.
  const torch::Tensor& step(const torch::Tensor& x);
  void reset() { tokens_ = 0; }
  std::int64_t tokens() const { return tokens_; }
  /// Of keys and values of the whole capacity.
  std::int64_t cache_bytes() const;

 private:
  void rotate_here(const torch::Tensor& x, torch::Tensor& result);

  std::int64_t heads_, width_, tokens_ = 0;
  Rotary rotary_;
  torch::Tensor in_t_, out_t_;                    ///< transposed views
  torch::Tensor keys_, values_;                   ///< [B * H, capacity, D]
  torch::Tensor qkv_, q_, k_, half_, p_, o_, y_;  ///< p_: scores of every head, [B * H * capacity]
};

}  // namespace catena::model::lab
