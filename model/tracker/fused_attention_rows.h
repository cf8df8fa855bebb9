// What both forms of fused attention do row by row.
#pragma once

#include <vector>

#include "model/tracker/fused_rows.h"

namespace catena::model {
// Internal to each file that includes it, as fused_rows.h is.
namespace {

constexpr std::int64_t kGroupBytes = 1 << 20;  // of scores and what they are made of, a thread

/// y = x turned by the angles, times scale; turned back for sign = -1. x, y [D], cos, sin [D / 2].
template <typename From, typename To>
void turn(const From* x, const float* cos, const float* sin, float sign, float scale, std::int64_t width, To* y) {
  const std::int64_t half = width / 2;
  for (std::int64_t j = 0; j < half; ++j) {
    const float a = static_cast<float>(x[j]) * scale, b = static_cast<float>(x[j + half]) * scale, s = sign * sin[j];
    y[j] = static_cast<To>(a * cos[j] - b * s);
    y[j + half] = static_cast<To>(a * s + b * cos[j]);
  }
}

/// Scores to probabilities in place. row [count, c]; row i sees the first seen(i) >= 1 places, the others become 0.
template <typename T, typename Seen>
void softmax_rows(T* base, std::int64_t count, std::int64_t c, const Seen& seen) {
  rows(count, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> exponentials(static_cast<std::size_t>(c));
    float* pe = exponentials.data();
    for (std::int64_t i = begin; i < end; ++i) {
      T* row = base + i * c;
      const std::int64_t n = seen(i);
      float top = static_cast<float>(row[0]);
      for (std::int64_t j = 1; j < n; ++j) top = std::max(top, static_cast<float>(row[j]));
      float sum = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        pe[j] = std::exp(static_cast<float>(row[j]) - top);
        sum += pe[j];
      }
      for (std::int64_t j = 0; j < n; ++j) row[j] = static_cast<T>(pe[j] / sum);
      std::fill(row + n, row + c, T(0.0F));
    }
  });
}

/// Gradients of the scores in place of those of the probabilities: ds = p (dp - sum p dp), row by row.
template <typename T>
void softmax_gradient(const Tensor& p, const Tensor& dp) {
  const std::int64_t c = p.size(-1);
  const T* pp = p.data_ptr<T>();
  T* pdp = dp.data_ptr<T>();
  rows(p.numel() / c, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const T* prow = pp + i * c;
      T* row = pdp + i * c;
      float dot = 0;
      for (std::int64_t j = 0; j < c; ++j) dot += static_cast<float>(prow[j]) * static_cast<float>(row[j]);
      for (std::int64_t j = 0; j < c; ++j)
        row[j] = static_cast<T>(static_cast<float>(prow[j]) * (static_cast<float>(row[j]) - dot));
    }
  });
}

}  // namespace
}  // namespace catena::model
