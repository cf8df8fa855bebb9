// Synthetic tasks that ask how much a memory holds, and how far back.
#pragma once

#include <torch/types.h>

#include <random>

namespace catena::model::lab {

/// A sequence of pairs (key, value), `distance` tokens of noise, then the keys again, each alone: the model says the
/// value. recall: keys are drawn, in any order, and asked for in another (associative recall; Arora et al. 2023,
/// "Zoology"). copy: the keys are the places 0, 1, 2... in order, so that the values are a sequence to be repeated.
struct MemoryTask {
  enum class Kind { recall, copy };
  Kind kind = Kind::recall;
  std::int64_t pairs = 8;
  std::int64_t keys = 32, values = 32, noise = 16;  ///< symbols of each sort

  /// keys, values, noise, and one for "nothing".
  std::int64_t vocab() const { return keys + values + noise + 1; }
  std::int64_t length(std::int64_t distance) const { return 2 * pairs + distance; }
};

struct MemoryBatch {
  torch::Tensor tokens;   ///< [B, T, 2] int64: two symbols a token, whose embeddings are added
  torch::Tensor answers;  ///< [B, pairs] int64: values' symbols, of the last `pairs` tokens
};

/// Throws std::invalid_argument with one line when there are more pairs than keys.
MemoryBatch draw(const MemoryTask& task, std::int64_t distance, std::int64_t batch, std::mt19937_64& random);

}  // namespace catena::model::lab
