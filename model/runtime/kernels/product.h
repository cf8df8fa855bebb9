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

/// `weights` points at the tile's first lane of the panel's first input; `valid` outputs of it exist.
template <int tokens, int vectors, typename Weight>
void product_tile(const ProductArgs& args, const Weight* weights, int first_token, int first_output) {
  const float* rows[tokens];
  for (int t = 0; t < tokens; ++t) rows[t] = args.x + static_cast<std::size_t>(first_token + t) * args.x_stride;
  Vector sums[tokens][vectors] = {};
  const std::size_t inputs = static_cast<std::size_t>(args.inputs);
  for (std::size_t i = 0; i < inputs; ++i) {
    Vector w[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) w[v] = load_weights(weights + i * panel_lanes + v * lanes);
#pragma GCC unroll 8
    for (int t = 0; t < tokens; ++t) {
      const float x = rows[t][i];
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sums[t][v] += w[v] * x;
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < tokens; ++t) {
    float* y = args.y + static_cast<std::size_t>(first_token + t) * args.y_stride + first_output;
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      const int left = args.outputs - first_output - v * lanes;
      float* place = y + v * lanes;
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
CATENA_INLINE void product_rest(const ProductArgs& args, const Weight* weights, int first_token, int first_output) {
  if constexpr (tokens > 0) {
    if (args.tokens - first_token == tokens) {
      product_tile<tokens, vectors>(args, weights, first_token, first_output);
    } else {
      product_rest<vectors, tokens - 1>(args, weights, first_token, first_output);
    }
  }
}

template <typename Weight>
void product(const ProductArgs& args) {
  const auto* weights = static_cast<const Weight*>(args.weights);
  const std::size_t panel_size = static_cast<std::size_t>(args.inputs) * panel_lanes;
  for (int panel = args.first_panel; panel < args.last_panel; ++panel) {
    const Weight* start = weights + static_cast<std::size_t>(panel) * panel_size;
    const int output = panel * panel_lanes;
    if (args.tokens == 1) {
      for (int v = 0; v < panel_vectors && output + v * lanes < args.outputs; v += step_vectors) {
        product_tile<1, step_vectors>(args, start + v * lanes, 0, output + v * lanes);
      }
      continue;
    }
    for (int v = 0; v < panel_vectors && output + v * lanes < args.outputs; v += tile_vectors) {
      int t = 0;
      for (; t + tile_tokens <= args.tokens; t += tile_tokens) {
        product_tile<tile_tokens, tile_vectors>(args, start + v * lanes, t, output + v * lanes);
      }
      product_rest<tile_vectors, tile_tokens - 1>(args, start + v * lanes, t, output + v * lanes);
    }
  }
}

}  // namespace catena::model::CATENA_KERNELS
