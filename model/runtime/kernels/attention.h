// Rotary positions, and softmax attention of one token over the running chunk.
#pragma once

#include "model/runtime/kernels/kernels.h"
#include "model/runtime/kernels/vector.h"

namespace catena::model::CATENA_KERNELS {

inline void rotate(float* x, const float* cosine, const float* sine, int heads, int head_width) {
  const int half = head_width / 2;
  for (int h = 0; h < heads; ++h, x += head_width) {
    for (int j = 0; j < half; j += half_lanes) {
      const HalfVector a = load_half(x + j);
      const HalfVector b = load_half(x + half + j);
      const HalfVector c = load_half(cosine + j);
      const HalfVector s = load_half(sine + j);
      store_half(x + j, a * c - b * s);
      store_half(x + half + j, a * s + b * c);
    }
  }
}

template <int vectors>
void weighted_values(const AttentionArgs& args, float inverse, int column) {
  Vector out[vectors] = {};
  const float* value = args.values + column;
  for (int j = 0; j < args.count; ++j, value += args.stride) {
#pragma GCC unroll 8
    for (int c = 0; c < vectors; ++c) out[c] += load(value + c * lanes) * args.scores[j];
  }
#pragma GCC unroll 8
  for (int c = 0; c < vectors; ++c) store(args.out + column + c * lanes, out[c] * inverse);
}

inline void attend(const AttentionArgs& args) {
  const int padded = (args.count + lanes - 1) / lanes * lanes;
  const float* key = args.keys;
  for (int j = 0; j < args.count; ++j, key += args.stride) {
    Vector product = {};
    for (int i = 0; i < args.head_width; i += lanes) product += load(args.q + i) * load(key + i);
    args.scores[j] = sum(product) * args.scale;
  }
  for (int j = args.count; j < padded; ++j) args.scores[j] = -1e30F;

  Vector highest = load(args.scores);
  for (int j = lanes; j < padded; j += lanes) highest = larger(highest, load(args.scores + j));
  const float top = largest(highest);
  Vector total = {};
  for (int j = 0; j < padded; j += lanes) {
    const Vector weight = exponential(load(args.scores + j) - top);
    store(args.scores + j, weight);
    total += weight;
  }
  const float inverse = 1.0F / sum(total);
  int column = 0;
  for (; column + 4 * lanes <= args.head_width; column += 4 * lanes) weighted_values<4>(args, inverse, column);
  for (; column < args.head_width; column += lanes) weighted_values<1>(args, inverse, column);
}

}  // namespace catena::model::CATENA_KERNELS
