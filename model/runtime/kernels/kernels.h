// The numeric loops of the native executor, compiled once for each instruction set.
//
// Every result is computed in one fixed order of operations that does not depend on how many tokens are given at once:
// sums over inputs run from the first to the last, one fused multiply-add each (or are integers, and exact in any
// order); vectors run over outputs. That is what makes streaming in any split bit-identical to reading at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace catena::model {

/// Outputs of a matrix are packed in panels of this many: weights[panel][input][lane].
inline constexpr int panel_lanes = 64;
/// Every row length the kernels see is a multiple of this (ModelConfig::validate), except a matrix's number of outputs.
inline constexpr int vector_lanes = 16;

/// Where an output's bfloat16 lies among the panel_lanes of an input: outputs that are 16 apart are neighbours. So a
/// register of them, shifted and masked, is two registers of floats that each hold outputs in a row, however wide the
/// target's registers are.
constexpr int bfloat16_place(int lane) { return lane / 32 * 32 + lane % 16 * 2 + lane % 32 / 16; }

/// y[t][o] (+)= sum_i weights[o][i] * x[t][i] for the outputs of the panels [first_panel, last_panel).
struct ProductArgs {
  /// float or bfloat16, [panels][inputs][panel_lanes], zeros behind the last output; bfloat16 at bfloat16_place(lane).
  const void* weights = nullptr;
  int inputs = 0;
  int outputs = 0;
  int first_panel = 0;
  int last_panel = 0;
  const float* x = nullptr;
  std::size_t x_stride = 0;  ///< floats from token to token
  int tokens = 0;
  float* y = nullptr;
  std::size_t y_stride = 0;
  bool add = false;
};

/// The same with weights of 8 bits: y[t][o] (+)= row_scales[o] * x_scales[t] * sum_i weights[o][i] * x[t][i]. The sums
/// are integers, so they are exact and the same in any order; no sum may leave 32 bits (Linear sees to it).
struct IntegerProductArgs {
  const std::int8_t* weights = nullptr;  ///< [panels][inputs / 4][panel_lanes][4], zeros behind the last output
  const float* row_scales = nullptr;     ///< [panels * panel_lanes]
  int inputs = 0;
  int outputs = 0;
  int first_panel = 0;
  int last_panel = 0;
  const std::int16_t* x = nullptr;  ///< [tokens, inputs], as quantize() leaves it
  const float* x_scales = nullptr;  ///< [tokens]
  int tokens = 0;
  float* y = nullptr;
  std::size_t y_stride = 0;
  bool add = false;
};

/// What a product of split inputs (tile_product.h) left behind, put together modulo 2^32:
/// y[t][o] (+)= row_scales[o] * x_scales[t] * (256 sums[t][0][o] + sums[t][1][o] - offsets[o]).
struct TileSumsArgs {
  const std::int32_t* sums = nullptr;      ///< [tokens][2][stride]: of the upper bytes, of the lower ones
  std::size_t stride = 0;                  ///< a multiple of vector_lanes, at least outputs
  const std::uint32_t* offsets = nullptr;  ///< [stride]
  const float* row_scales = nullptr;       ///< [outputs, rounded up to vector_lanes]
  int outputs = 0;
  const float* x_scales = nullptr;  ///< [tokens]
  int tokens = 0;
  float* y = nullptr;
  std::size_t y_stride = 0;
  bool add = false;
};

/// One head of a delta layer over a run of tokens; pointers are to the first token.
struct DeltaArgs {
  float* memory = nullptr;  ///< S [D, D], rows indexed by k
  const float* q = nullptr;
  const float* k = nullptr;
  const float* v = nullptr;
  std::size_t stride = 0;             ///< floats from token to token in q, k and v
  const float* decay = nullptr;       ///< a
  const float* importance = nullptr;  ///< b
  float corrected = 1;                ///< 1: b (v - S^T k) is written; 0: b v
  std::size_t gate_stride = 0;
  float* out = nullptr;
  std::size_t out_stride = 0;
  int tokens = 0;
  int head_width = 0;
};

/// One head, one token, over the running chunk's keys.
struct AttentionArgs {
  const float* q = nullptr;  ///< [D]
  const float* keys = nullptr;
  const float* values = nullptr;
  std::size_t stride = 0;   ///< floats from key to key
  int count = 0;            ///< keys to look at, at least 1
  float scale = 1;          ///< 1 / sqrt(D)
  float* scores = nullptr;  ///< scratch, count rounded up to vector_lanes
  float* out = nullptr;     ///< [D]
  int head_width = 0;
};

struct Kernels {
  const char* name;
  void (*product_float)(const ProductArgs&);
  void (*product_bfloat16)(const ProductArgs&);
  void (*product_int8)(const IntegerProductArgs&);
  /// out = x / scale, rounded, of every four inputs the first and the third, then the second and the fourth; the scale
  /// makes the largest magnitude `largest` (at most 32767) and is returned. A row of zeros (or below 1e-30) has scale
  /// 0; one with NaN or infinity has scale NaN and zeros.
  float (*quantize)(const float* x, std::int16_t* out, int width, int largest);
  /// out = x / sqrt(mean(x^2) + eps) * weight, one row.
  void (*rms_norm)(const float* x, const float* weight, float* out, int width, float eps);
  /// out = silu(gate) * up
  void (*swiglu)(const float* gate, const float* up, float* out, int width);
  /// out = silu(sum_j weights[j] * rows[j]), weights [taps, width]
  void (*convolve_silu)(const float* const* rows, const float* weights, int taps, float* out, int width);
  /// out += sum_j weights[j] * rows[j], likewise
  void (*convolve_add)(const float* const* rows, const float* weights, int taps, float* out, int width);
  /// x / sqrt(sum x^2 + 1e-6) for each head of head_width, in place
  void (*unit_length)(float* x, int heads, int head_width);
  void (*silu)(const float* x, float* out, int width);
  void (*delta)(const DeltaArgs&);
  /// x = rms(x) * weight * silu(gate), rms over each head, weight [head_width]
  void (*gated_norm)(float* x, const float* gate, const float* weight, int heads, int head_width, float eps);
  /// Half-split rotary positions, in place; cosine and sine [head_width / 2]
  void (*rotate)(float* x, const float* cosine, const float* sine, int heads, int head_width);
  void (*attend)(const AttentionArgs&);
  /// ln sum exp(x); x has `count` floats.
  float (*log_sum_exp)(const float* x, int count);
  /// x + 32768 as two bytes, width a multiple of vector_lanes
  void (*split_bytes)(const std::int16_t* x, std::uint8_t* upper, std::uint8_t* lower, int width);
  void (*join_tile_sums)(const TileSumsArgs&);
  /// Whether oneDNN makes the 8-bit products of many tokens (tile_product.h). Matrices and working memory are made for
  /// it.
  bool tiles = false;
};

/// The best for this processor, or those that the environment variable CATENA_KERNELS names: chosen once. Throws
/// std::runtime_error with one line when it names none that this processor can run.
const Kernels& best_kernels();
/// All that this processor can run, the best first (tests run each of them).
std::span<const Kernels* const> usable_kernels();

}  // namespace catena::model
