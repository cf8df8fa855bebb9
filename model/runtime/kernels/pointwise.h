// Norms and activations of single rows.
#pragma once

#include "model/runtime/kernels/vector.h"

namespace catena::model::CATENA_KERNELS {

CATENA_INLINE float sum_of_squares(const float* x, int width) {
  Vector squares = {};
  for (int i = 0; i < width; i += lanes) squares += load(x + i) * load(x + i);
  return sum(squares);
}

inline void rms_norm(const float* x, const float* weight, float* out, int width, float eps) {
  const float scale = 1.0F / __builtin_sqrtf(sum_of_squares(x, width) / static_cast<float>(width) + eps);
  for (int i = 0; i < width; i += lanes) store(out + i, load(x + i) * scale * load(weight + i));
}

inline void swiglu(const float* gate, const float* up, float* out, int width) {
  for (int i = 0; i < width; i += lanes) store(out + i, silu_of(load(gate + i)) * load(up + i));
}

inline void silu(const float* x, float* out, int width) {
  for (int i = 0; i < width; i += lanes) store(out + i, silu_of(load(x + i)));
}

inline float log_sum_exp(const float* x, int count) {
  float highest = x[0];
  for (int i = 1; i < count; ++i) highest = x[i] > highest ? x[i] : highest;
  Vector total = {};
  int i = 0;
  for (; i + lanes <= count; i += lanes) total += exponential(load(x + i) - highest);
  Vector rest = broadcast(-1e30F);
  for (int j = 0; i + j < count; ++j) rest[j] = x[i + j] - highest;
  total += exponential(rest);
  return highest + __builtin_logf(sum(total));
}

}  // namespace catena::model::CATENA_KERNELS
