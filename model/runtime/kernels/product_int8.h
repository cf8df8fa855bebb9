// Products of 8-bit weights and 16-bit inputs. Two neighbouring inputs are multiplied and added at once, which every
// x86-64 processor has an instruction for (pmaddwd; with a third addition: vpdpwssd). 16-bit inputs cost no more than
// 8-bit ones there and lose next to nothing.
#pragma once

#include "model/runtime/kernels/kernels.h"
#include "model/runtime/kernels/vector.h"

namespace catena::model::CATENA_KERNELS {

using Pairs = std::int16_t __attribute__((vector_size(lanes * 4)));  // [lanes][2]
using LoosePairs = std::int16_t __attribute__((vector_size(lanes * 4), aligned(2), may_alias));
using LooseShorts = std::int16_t __attribute__((vector_size(lanes * 2), aligned(2), may_alias));
using LooseInt = std::int32_t __attribute__((aligned(2), may_alias));

CATENA_INLINE BitVector load_bits(const void* from) { return *static_cast<const LooseBits*>(from); }

/// Four inputs' weights of an output stand together, so that shifts of 16-bit words sign-extend two of them without
/// moving anything between words, which wide registers are slow at: the first and the third with shift 8, the others
/// with 0.
CATENA_INLINE Pairs load_pairs(const std::int8_t* from, int shift) {
  return (*reinterpret_cast<const LoosePairs*>(from) << shift) >> 8;
}
CATENA_INLINE Pairs broadcast_pair(const std::int16_t* from) {
  return reinterpret_cast<Pairs>(*reinterpret_cast<const LooseInt*>(from) - IntVector{});
}

/// sums[lane] + a[lane][0] * b[lane][0] + a[lane][1] * b[lane][1]
CATENA_INLINE IntVector add_products(IntVector sums, Pairs a, Pairs b) {
#if defined(__AVX512VNNI__)
  return reinterpret_cast<IntVector>(
      _mm512_dpwssd_epi32(reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX512BW__)
  return sums +
         reinterpret_cast<IntVector>(_mm512_madd_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return sums +
         reinterpret_cast<IntVector>(_mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return sums + reinterpret_cast<IntVector>(_mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  for (int j = 0; j < lanes; ++j) sums[j] += a[2 * j] * b[2 * j] + a[2 * j + 1] * b[2 * j + 1];
  return sums;
#endif
}

/// Two of four inputs, of every token and output of a tile.
template <int tokens, int vectors>
CATENA_INLINE void add_pairs(IntVector (&sums)[tokens][vectors], const std::int8_t* weights, int shift,
                             const std::int16_t* x, std::size_t stride) {
  Pairs w[vectors];
#pragma GCC unroll 8
  for (int v = 0; v < vectors; ++v) w[v] = load_pairs(weights + v * lanes * 4, shift);
#pragma GCC unroll 8
  for (int t = 0; t < tokens; ++t) {
    const Pairs pair = broadcast_pair(x + static_cast<std::size_t>(t) * stride);
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) sums[t][v] = add_products(sums[t][v], w[v], pair);
  }
}

/// y[lane] (+)= scale * sums, of as many lanes as are `left`. One place, so that every product rounds alike.
CATENA_INLINE void write_sums(float* y, IntVector sums, Vector scale, int left, bool add) {
  const Vector product = __builtin_convertvector(sums, Vector);
  if (left >= lanes) {
    store(y, add ? load(y) + product * scale : product * scale);
    return;
  }
  Vector edge = {};
  for (int j = 0; j < left && add; ++j) edge[j] = y[j];
  edge = add ? edge + product * scale : product * scale;
  for (int j = 0; j < left; ++j) y[j] = edge[j];
}

/// `weights` points at the tile's first lane of the panel's first four inputs.
template <int tokens, int vectors>
void product_tile_int8(const IntegerProductArgs& args, const std::int8_t* weights, int first_token, int first_output) {
  const std::size_t inputs = static_cast<std::size_t>(args.inputs);
  const std::int16_t* x = args.x + static_cast<std::size_t>(first_token) * inputs;
  IntVector sums[tokens][vectors] = {};
  if constexpr (tokens == 1) {
    for (std::size_t i = 0; i < inputs; i += 4, weights += 4 * panel_lanes) {
      add_pairs<tokens, vectors>(sums, weights, 8, x + i, inputs);
      add_pairs<tokens, vectors>(sums, weights, 0, x + i + 2, inputs);
    }
  } else {
    // One pair at a time: two, and the compiler mixes them and runs out of registers.
    for (std::size_t i = 0; i < inputs; i += 2) {
      add_pairs<tokens, vectors>(sums, weights + i / 4 * 4 * panel_lanes, i % 4 == 0 ? 8 : 0, x + i, inputs);
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < tokens; ++t) {
    float* y = args.y + static_cast<std::size_t>(first_token + t) * args.y_stride + first_output;
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      const Vector scale = load(args.row_scales + first_output + v * lanes) * args.x_scales[first_token + t];
      write_sums(y + v * lanes, sums[t][v], scale, args.outputs - first_output - v * lanes, args.add);
    }
  }
}

/// The last tile of a panel: 1 to tile_tokens - 1 tokens.
template <int vectors, int tokens>
CATENA_INLINE void product_rest_int8(const IntegerProductArgs& args, const std::int8_t* weights, int first_token,
                                     int first_output) {
  if constexpr (tokens > 0) {
    if (args.tokens - first_token == tokens) {
      product_tile_int8<tokens, vectors>(args, weights, first_token, first_output);
    } else {
      product_rest_int8<vectors, tokens - 1>(args, weights, first_token, first_output);
    }
  }
}

inline void product_int8(const IntegerProductArgs& args) {
  const std::size_t panel_size = static_cast<std::size_t>(args.inputs) * panel_lanes;
  for (int panel = args.first_panel; panel < args.last_panel; ++panel) {
    const std::int8_t* start = args.weights + static_cast<std::size_t>(panel) * panel_size;
    const int output = panel * panel_lanes;
    if (args.tokens == 1) {
      for (int v = 0; v < panel_vectors && output + v * lanes < args.outputs; v += step_vectors) {
        product_tile_int8<1, step_vectors>(args, start + v * lanes * 4, 0, output + v * lanes);
      }
      continue;
    }
    // Tokens outside: a panel and the tile's inputs stay in the first-level cache together.
    for (int t = 0; t < args.tokens; t += tile_tokens) {
      for (int v = 0; v < panel_vectors && output + v * lanes < args.outputs; v += tile_vectors) {
        if (t + tile_tokens <= args.tokens) {
          product_tile_int8<tile_tokens, tile_vectors>(args, start + v * lanes * 4, t, output + v * lanes);
        } else {
          product_rest_int8<tile_vectors, tile_tokens - 1>(args, start + v * lanes * 4, t, output + v * lanes);
        }
      }
    }
  }
}

/// Of every four.
CATENA_INLINE IntVector evens_first(IntVector x) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(x, x, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
#elif defined(__AVX2__)
  return __builtin_shufflevector(x, x, 0, 2, 1, 3, 4, 6, 5, 7);
#else
  return __builtin_shufflevector(x, x, 0, 2, 1, 3);
#endif
}

inline float quantize(const float* x, std::int16_t* out, int width, int largest) {
  // The bits of magnitudes are ordered like the magnitudes, NaN above all.
  IntVector magnitudes = {};
  for (int i = 0; i < width; i += lanes) {
    const IntVector magnitude = reinterpret_cast<IntVector>(load(x + i)) & 0x7fffffff;
    magnitudes = magnitude > magnitudes ? magnitude : magnitudes;
  }
  std::int32_t bits = magnitudes[0];
  for (int j = 1; j < lanes; ++j) bits = magnitudes[j] > bits ? magnitudes[j] : bits;
  const float magnitude = __builtin_bit_cast(float, bits);
  const bool finite = bits < 0x7f800000;
  if (!finite || magnitude < 1e-30F) {
    for (int i = 0; i < width; ++i) out[i] = 0;
    return finite ? 0.0F : __builtin_nanf("");
  }
  const float scale = magnitude / static_cast<float>(largest);
  const float inverse = static_cast<float>(largest) / magnitude;
  for (int i = 0; i < width; i += lanes) {
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
    const Vector rounded = load(x + i) * inverse + 12582912.0F;
    const IntVector integers = reinterpret_cast<IntVector>(rounded) - 0x4b400000;
    *reinterpret_cast<LooseShorts*>(out + i) = __builtin_convertvector(evens_first(integers), LooseShorts);
  }
  return scale;
}

inline void split_bytes(const std::int16_t* x, std::uint8_t* __restrict upper, std::uint8_t* __restrict lower,
                        int width) {
  for (int i = 0; i < width; ++i) {
    const auto moved = static_cast<std::uint16_t>(x[i] + 32768);
    upper[i] = static_cast<std::uint8_t>(moved >> 8);
    lower[i] = static_cast<std::uint8_t>(moved);
  }
}

inline void join_tile_sums(const TileSumsArgs& args) {
  for (int t = 0; t < args.tokens; ++t) {
    const std::int32_t* upper = args.sums + 2 * static_cast<std::size_t>(t) * args.stride;
    const std::int32_t* lower = upper + args.stride;
    float* y = args.y + static_cast<std::size_t>(t) * args.y_stride;
    for (int o = 0; o < args.outputs; o += lanes) {
      // Unsigned, so that it may wrap around.
      const BitVector sums = (load_bits(upper + o) << 8) + load_bits(lower + o) - load_bits(args.offsets + o);
      const Vector scale = load(args.row_scales + o) * args.x_scales[t];
      write_sums(y + o, reinterpret_cast<IntVector>(sums), scale, args.outputs - o, args.add);
    }
  }
}

}  // namespace catena::model::CATENA_KERNELS
