// The recurrent form of the gated delta rule, and what stands before and after it.
#pragma once

#include "model/runtime/kernels/kernels.h"
#include "model/runtime/kernels/pointwise.h"

namespace catena::model::CATENA_KERNELS {

inline void convolve_silu(const float* const* rows, const float* weights, int taps, float* out, int width) {
  for (int i = 0; i < width; i += lanes) {
    Vector total = {};
    for (int j = 0; j < taps; ++j) total += load(weights + j * width + i) * load(rows[j] + i);
    store(out + i, silu_of(total));
  }
}

inline void convolve_add(const float* const* rows, const float* weights, int taps, float* out, int width) {
  for (int i = 0; i < width; i += lanes) {
    Vector total = load(out + i);
    for (int j = 0; j < taps; ++j) total += load(weights + j * width + i) * load(rows[j] + i);
    store(out + i, total);
  }
}

inline void unit_length(float* x, int heads, int head_width) {
  for (int h = 0; h < heads; ++h, x += head_width) {
    const float scale = 1.0F / __builtin_sqrtf(sum_of_squares(x, head_width) + 1e-6F);
    for (int i = 0; i < head_width; i += lanes) store(x + i, load(x + i) * scale);
  }
}

/// Columns of S do not know each other, so a few vectors of them go through all tokens while they lie in the
/// first-level cache.
template <int vectors>
void delta_columns(const DeltaArgs& args, int column) {
  const int size = args.head_width;
  for (int t = 0; t < args.tokens; ++t) {
    const std::size_t row = static_cast<std::size_t>(t) * args.stride;
    const float* k = args.k + row;
    const float* q = args.q + row;
    const float* v = args.v + row + column;
    const float decay = args.decay[static_cast<std::size_t>(t) * args.gate_stride];
    const float importance = args.importance[static_cast<std::size_t>(t) * args.gate_stride];
    float* memory = args.memory + column;

    Vector predicted[vectors] = {};  // (a S)^T k
    for (int i = 0; i < size; ++i) {
#pragma GCC unroll 8
      for (int c = 0; c < vectors; ++c) {
        float* place = memory + static_cast<std::size_t>(i) * size + c * lanes;
        const Vector decayed = load(place) * decay;
        store(place, decayed);
        predicted[c] += decayed * k[i];
      }
    }
    Vector correction[vectors];  // b (v - S^T k), or b v
    Vector out[vectors] = {};
#pragma GCC unroll 8
    for (int c = 0; c < vectors; ++c)
      correction[c] = (load(v + c * lanes) - predicted[c] * args.corrected) * importance;
    for (int i = 0; i < size; ++i) {
#pragma GCC unroll 8
      for (int c = 0; c < vectors; ++c) {
        float* place = memory + static_cast<std::size_t>(i) * size + c * lanes;
        const Vector written = load(place) + correction[c] * k[i];
        store(place, written);
        out[c] += written * q[i];
      }
    }
#pragma GCC unroll 8
    for (int c = 0; c < vectors; ++c) {
      store(args.out + static_cast<std::size_t>(t) * args.out_stride + column + c * lanes, out[c]);
    }
  }
}

inline void delta(const DeltaArgs& args) {
  int column = 0;
  for (; column + 4 * lanes <= args.head_width; column += 4 * lanes) delta_columns<4>(args, column);
  for (; column < args.head_width; column += lanes) delta_columns<1>(args, column);
}

inline void gated_norm(float* x, const float* gate, const float* weight, int heads, int head_width, float eps) {
  for (int h = 0; h < heads; ++h, x += head_width, gate += head_width) {
    const float scale = 1.0F / __builtin_sqrtf(sum_of_squares(x, head_width) / static_cast<float>(head_width) + eps);
    for (int i = 0; i < head_width; i += lanes) {
      store(x + i, load(x + i) * scale * load(weight + i) * silu_of(load(gate + i)));
    }
  }
}

}  // namespace catena::model::CATENA_KERNELS
