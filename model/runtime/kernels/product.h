// Matrix products on packed weights: a tile of tokens x outputs is kept in registers while the inputs go by.
#pragma once

#include "model/runtime/kernels/kernels.h"
#include "model/runtime/kernels/vector.h"

namespace catena::model::CATENA_KERNELS {

// Tile sizes for the registers at hand: tokens x vectors accumulators, plus the weights and one input.
inline constexpr int tile_tokens = 6;
inline constexpr int tile_vectors = lanes == 16 ? 4 : 2;  // AVX-512 has 32 registers, the others 16
// A single token wants many sums under way at once, to hide the latency of an addition.
inline constexpr int step_vectors = lanes == 16 ? 4 : 8;
inline constexpr int panel_vectors = panel_lanes / lanes;
static_assert(panel_vectors % tile_vectors == 0 && panel_vectors % step_vectors == 0);

/// The outputs of `vectors` registers of weights, from the panel's place `first` on.
template <int tokens, int vectors, typename Weight>
void product_tile(const ProductArgs& args, int panel, int first, int first_token) {
  const std::size_t inputs = static_cast<std::size_t>(args.inputs);
  const Weight* weights =
      static_cast<const Weight*>(args.weights) + static_cast<std::size_t>(panel) * inputs * panel_lanes + first;
  const float* rows[tokens];
  for (int t = 0; t < tokens; ++t) rows[t] = args.x + static_cast<std::size_t>(first_token + t) * args.x_stride;
  Vector sums[tokens][vectors] = {};
  for (std::size_t i = 0; i < inputs; ++i) {
    Vector w[vectors];
    load_weights(weights + i * panel_lanes, w);
#pragma GCC unroll 8
    for (int t = 0; t < tokens; ++t) {
      const float x = rows[t][i];
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sums[t][v] += w[v] * x;
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < tokens; ++t) {
    float* y = args.y + static_cast<std::size_t>(first_token + t) * args.y_stride;
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      const int output = panel * panel_lanes + output_of(weights, first, v);
      const int left = args.outputs - output;
      float* place = y + output;
      if (left >= lanes) {
        store(place, args.add ? load(place) + sums[t][v] : sums[t][v]);
      } else {
        for (int j = 0; j < left; ++j) place[j] = args.add ? place[j] + sums[t][v][j] : sums[t][v][j];
      }
    }
  }
}

/// The last tile of a panel: 1 to tile_tokens - 1 tokens.
template <int vectors, int tokens, typename Weight>
CATENA_INLINE void product_rest(const ProductArgs& args, int panel, int first, int first_token) {
  if constexpr (tokens > 0) {
    if (args.tokens - first_token == tokens) {
      product_tile<tokens, vectors, Weight>(args, panel, first, first_token);
    } else {
      product_rest<vectors, tokens - 1, Weight>(args, panel, first, first_token);
    }
  }
}

template <typename Weight>
void product(const ProductArgs& args) {
  for (int panel = args.first_panel; panel < args.last_panel; ++panel) {
    // Some of the outputs of a register at this place exist.
    const auto used = [&](int first) {
      return first < panel_lanes &&
             panel * panel_lanes + output_of(static_cast<const Weight*>(args.weights), first, 0) < args.outputs;
    };
    if (args.tokens == 1) {
      for (int first = 0; used(first); first += step_vectors * lanes) {
        product_tile<1, step_vectors, Weight>(args, panel, first, 0);
      }
      continue;
    }
    for (int first = 0; used(first); first += tile_vectors * lanes) {
      int t = 0;
      for (; t + tile_tokens <= args.tokens; t += tile_tokens) {
        product_tile<tile_tokens, tile_vectors, Weight>(args, panel, first, t);
      }
      product_rest<tile_vectors, tile_tokens - 1, Weight>(args, panel, first, t);
    }
  }
}

}  // namespace catena::model::CATENA_KERNELS
