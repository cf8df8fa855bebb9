// Products of matrices of some dozens of rows that lie in the caches, where a library's call costs as much as its
// product. float32, row by row; a result's rows come in fours and its columns in sixteens, so both are padded (with
// zeros where they are read).
#pragma once

#include <algorithm>
#include <cstdint>

namespace catena::model {
// Internal to each file that includes it, as fused_rows.h is.
namespace {

constexpr std::int64_t kTileRows = 4, kTileColumns = 16;

/// A matrix whose number (i, j) stands at data[i * row + j * column].
struct Factor {
  const float* data;
  std::int64_t row, column;
};
inline Factor transposed(const float* data, std::int64_t stride) { return {data, 1, stride}; }
inline Factor straight(const float* data, std::int64_t stride) { return {data, stride, 1}; }

/// What of a product is made: the left factor, or the result, may have numbers on the diagonal and on one side of it
/// only.
enum class Triangle { none, left_below, left_above, result_below };
enum class Into { set, add, subtract };

using Lane = float __attribute__((vector_size(32)));
using LaneInMemory = float __attribute__((vector_size(32), aligned(4), may_alias));
inline Lane load(const float* x) { return *reinterpret_cast<const LaneInMemory*>(x); }
inline void store(float* x, Lane y) { *reinterpret_cast<LaneInMemory*>(x) = y; }

/// Four rows and sixteen columns of a product, in registers.
struct Tile {
  Lane sum[kTileRows][2];

  /// = rows [i, i + 4) of a times columns [j, j + 16) of b, over the depth [first, last).
  void multiply(const Factor& a, const float* b, std::int64_t b_stride, std::int64_t i, std::int64_t j,
                std::int64_t first, std::int64_t last) {
    const float* pa = a.data + i * a.row + first * a.column;
    const float* pb = b + first * b_stride + j;
    Lane own[kTileRows][2] = {};  // not `sum` itself, which might be what the pointers point to
    for (std::int64_t k = first; k < last; ++k, pa += a.column, pb += b_stride) {
      Lane low = load(pb), high = load(pb + 8);
      // Kept in registers: read again for each row, loads would be the limit and not products.
      asm("" : "+x"(low), "+x"(high));
#pragma GCC unroll 4
      for (std::int64_t r = 0; r < kTileRows; ++r) {
        const float x = pa[r * a.row];
        own[r][0] += x * low;
        own[r][1] += x * high;
      }
    }
    std::copy(&own[0][0], &own[0][0] + 2 * kTileRows, &sum[0][0]);
  }
};

/// result (rows x columns, both padded) = or +=, -= a b, of `depth` terms. b and result row by row, `stride` numbers
/// apart.
template <Into kInto, Triangle kTriangle = Triangle::none>
void multiply(const Factor& a, const float* b, std::int64_t b_stride, std::int64_t depth, float* result,
              std::int64_t stride, std::int64_t rows, std::int64_t columns) {
  for (std::int64_t i = 0; i < rows; i += kTileRows) {
    const std::int64_t first = kTriangle == Triangle::left_above ? i : 0;
    const std::int64_t last = kTriangle == Triangle::left_below ? std::min(depth, i + kTileRows) : depth;
    const std::int64_t end = kTriangle == Triangle::result_below ? std::min(columns, i + kTileRows) : columns;
    for (std::int64_t j = 0; j < end; j += kTileColumns) {
      Tile tile;
      tile.multiply(a, b, b_stride, i, j, first, last);
      for (std::int64_t r = 0; r < kTileRows; ++r) {
        float* to = result + (i + r) * stride + j;
        for (std::int64_t h = 0; h < 2; ++h) {
          const Lane x = tile.sum[r][h];
          store(to + 8 * h, kInto == Into::set ? x : kInto == Into::add ? load(to + 8 * h) + x : load(to + 8 * h) - x);
        }
      }
    }
  }
}

/// x <- (I + L)^-1 x for strictly lower triangular L (rows x rows), by forward substitution, four rows at a time.
inline void solve_lower(const float* lower, std::int64_t lower_stride, float* x, std::int64_t stride, std::int64_t rows,
                        std::int64_t columns) {
  for (std::int64_t i = 0; i < rows; i += kTileRows) {
    for (std::int64_t j = 0; j < columns; j += kTileColumns) {
      Tile tile;
      tile.multiply(straight(lower, lower_stride), x, stride, i, j, 0, i);
      for (std::int64_t r = 0; r < kTileRows; ++r) {
        for (std::int64_t h = 0; h < 2; ++h) {
          Lane y = load(x + (i + r) * stride + j + 8 * h) - tile.sum[r][h];
          for (std::int64_t s = 0; s < r; ++s) y -= lower[(i + r) * lower_stride + i + s] * tile.sum[s][h];
          tile.sum[r][h] = y;
          store(x + (i + r) * stride + j + 8 * h, y);
        }
      }
    }
  }
}

/// x <- (I + L)^-T x, from the last rows to the first.
inline void solve_lower_transposed(const float* lower, std::int64_t lower_stride, float* x, std::int64_t stride,
                                   std::int64_t rows, std::int64_t columns) {
  for (std::int64_t i = rows - kTileRows; i >= 0; i -= kTileRows) {
    for (std::int64_t j = 0; j < columns; j += kTileColumns) {
      Tile tile;
      tile.multiply(transposed(lower, lower_stride), x, stride, i, j, i + kTileRows, rows);
      for (std::int64_t r = kTileRows - 1; r >= 0; --r) {
        for (std::int64_t h = 0; h < 2; ++h) {
          Lane y = load(x + (i + r) * stride + j + 8 * h) - tile.sum[r][h];
          for (std::int64_t s = r + 1; s < kTileRows; ++s) y -= lower[(i + s) * lower_stride + i + r] * tile.sum[s][h];
          tile.sum[r][h] = y;
          store(x + (i + r) * stride + j + 8 * h, y);
        }
      }
    }
  }
}

/// result (columns x rows) = x^T, a small square at a time.
inline void transpose(const float* x, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* result,
                      std::int64_t result_stride) {
  constexpr std::int64_t side = 8;
  for (std::int64_t i = 0; i < rows; i += side) {
    for (std::int64_t j = 0; j < columns; j += side) {
      for (std::int64_t c = j; c < std::min(columns, j + side); ++c) {
        for (std::int64_t r = i; r < std::min(rows, i + side); ++r) result[c * result_stride + r] = x[r * stride + c];
      }
    }
  }
}

}  // namespace
}  // namespace catena::model
