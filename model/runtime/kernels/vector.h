// Vectors as wide as the target's registers, and the few functions on them.
// Included only by the translation units that compile the kernels, inside one namespace each: nothing here may come
// from the standard library's inline functions, or the linker could keep a copy made for another instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define CATENA_INLINE inline __attribute__((always_inline))

namespace catena::model::CATENA_KERNELS {

// What one register holds.
#if defined(__AVX512F__)
inline constexpr int lanes = 16;
#elif defined(__AVX2__)
inline constexpr int lanes = 8;
#else
inline constexpr int lanes = 4;
#endif

using Vector = float __attribute__((vector_size(lanes * 4)));
using OctoVector = float __attribute__((vector_size(32)));
using QuadVector = float __attribute__((vector_size(16)));
using IntVector = std::int32_t __attribute__((vector_size(lanes * 4)));
using BitVector = std::uint32_t __attribute__((vector_size(lanes * 4)));
// For loads and stores anywhere.
using LooseVector = float __attribute__((vector_size(lanes * 4), aligned(4), may_alias));
using LooseBits = std::uint32_t __attribute__((vector_size(lanes * 4), aligned(2), may_alias));
// Heads are rotated in halves, and half a head may be 8 wide.
inline constexpr int half_lanes = lanes < 8 ? lanes : 8;
using HalfVector = float __attribute__((vector_size(half_lanes * 4)));
using LooseHalf = float __attribute__((vector_size(half_lanes * 4), aligned(4), may_alias));

CATENA_INLINE Vector load(const float* from) { return *reinterpret_cast<const LooseVector*>(from); }
CATENA_INLINE void store(float* to, Vector value) { *reinterpret_cast<LooseVector*>(to) = value; }
CATENA_INLINE HalfVector load_half(const float* from) { return *reinterpret_cast<const LooseHalf*>(from); }
CATENA_INLINE void store_half(float* to, HalfVector value) { *reinterpret_cast<LooseHalf*>(to) = value; }
CATENA_INLINE Vector broadcast(float value) { return value - Vector{}; }

/// `count` registers of weights as floats.
template <int count>
CATENA_INLINE void load_weights(const float* from, Vector (&to)[count]) {
#pragma GCC unroll 8
  for (int v = 0; v < count; ++v) to[v] = load(from + v * lanes);
}
/// A bfloat16 is the upper half of a float. Those of two registers lie mixed, so that widening moves nothing between
/// lanes: see bfloat16_place().
template <int count>
CATENA_INLINE void load_weights(const std::uint16_t* from, Vector (&to)[count]) {
  static_assert(count % 2 == 0);
#pragma GCC unroll 8
  for (int v = 0; v < count; v += 2) {
    const BitVector pairs = *reinterpret_cast<const LooseBits*>(from + v * lanes);
    to[v] = reinterpret_cast<Vector>(pairs << 16);
    to[v + 1] = reinterpret_cast<Vector>(pairs & 0xffff0000U);
  }
}
/// The first output, within its panel, of register `v` of those loaded from the panel's place `first`.
CATENA_INLINE int output_of(const float*, int first, int v) { return first + v * lanes; }
CATENA_INLINE int output_of(const std::uint16_t*, int first, int v) {
  const int place = first + v / 2 * 2 * lanes;
  return place / 32 * 32 + place % 32 / 2 + v % 2 * 16;
}

/// Halves are added until one is left: always the same tree.
CATENA_INLINE float sum(QuadVector x) { return (x[0] + x[2]) + (x[1] + x[3]); }
#if defined(__AVX2__)
CATENA_INLINE float sum(OctoVector x) {
  return sum(__builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7));
}
#endif
#if defined(__AVX512F__)
CATENA_INLINE float sum(Vector x) {
  return sum(__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
             __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15));
}
#endif

CATENA_INLINE Vector larger(Vector a, Vector b) { return a > b ? a : b; }

CATENA_INLINE float largest(Vector x) {
  float result = x[0];
  for (int i = 1; i < lanes; ++i) result = x[i] > result ? x[i] : result;
  return result;
}

/// e^x to 1 ulp or so (Cephes' polynomial); 0 below -87.3, the largest power below infinity above 88.3.
CATENA_INLINE Vector exponential(Vector x) {
  const Vector lowest = broadcast(-87.33F);
  const Vector bounded = x > lowest ? x : lowest;
  const Vector clipped = bounded < 88.3F ? bounded : broadcast(88.3F);
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
  const Vector shifted = clipped * 1.44269504088896341F + 12582912.0F;
  const Vector n = shifted - 12582912.0F;
  Vector r = clipped - n * 0.693359375F;
  r = r - n * -2.12194440e-4F;
  Vector p = broadcast(1.9875691500e-4F);
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  const Vector scaled =
      reinterpret_cast<Vector>(reinterpret_cast<IntVector>(p) + (reinterpret_cast<IntVector>(shifted) << 23));
  return x > lowest ? scaled : (x == x ? Vector{} : x);  // a NaN stays one
}

CATENA_INLINE Vector silu_of(Vector x) { return x / (1.0F + exponential(-x)); }

}  // namespace catena::model::CATENA_KERNELS
