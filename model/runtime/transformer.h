// The Transformer that the tracker is measured against: the same blocks with full attention and a growing KV cache, on
// the same kernels. Not for products: its memory and time a token grow without bound.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "model/runtime/mixers.h"
#include "model/runtime/packed_model.h"

namespace catena::model {

/// A carry = attention model with about as many parameters as `config`: another feed-forward width. Of a model of
/// speech: one whose tokens are its symbols and who reads its embedded frames, so without the matrix that embeds them.
ModelConfig same_size_transformer(const ModelConfig& config);

/// Bytes that its keys and values take after `tokens` tokens: tokens * layers * 2 * width * bytes a number: 4 in
/// float32, else 2, as caches are usually kept in 16 bits beside narrower weights.
std::int64_t kv_cache_bytes(const ModelConfig& config, std::int64_t tokens, Precision precision = Precision::float32);

/// Weights of these shapes for measuring, where only their number counts: matrices by a fixed formula, vectors of ones.
std::shared_ptr<const Weights> filler_weights(const ModelConfig& config);

/// One stream. Cost of a token: its weights once and the whole cache once.
class Transformer {
 public:
  /// `weights` of a carry = attention model. Throws std::runtime_error otherwise. `longest`: the most tokens it will be
  /// fed.
  Transformer(const std::shared_ptr<const Weights>& weights, Precision precision, int longest);

  void read(Token token);
  /// What is embedded already, [d].
  void read(std::span<const float> embedded);
  /// Next-token logits; `out` has vocab floats.
  void logits(std::span<float> out);

  /// Forgets all but the first `tokens` tokens; with 0 the cache is given back. Throws std::out_of_range when there are
  /// not as many.
  void rewind(int tokens);

  int tokens() const { return tokens_; }
  std::int64_t cache_bytes() const;  ///< allocated for keys and values: doubles whenever it is full
  std::int64_t state_bytes() const;  ///< of the cache, what the tokens read take up

 private:
  /// Room for another token.
  void make_room();
  /// Room for twice as many tokens, and the rotations of their places.
  void grow();
  /// Of what scratch_.x() holds.
  void read_embedded();

  struct Cache {
    Buffer keys, values;  // [capacity, d]
  };
  PackedModel model_;
  ThreadPool pool_{1};
  Scratch scratch_;
  std::vector<Cache> caches_;
  int longest_, capacity_ = 0, tokens_ = 0;
};

}  // namespace catena::model
