// Launchers of the pyramid's means: all levels in one pass. No LibTorch and no CUDA header in here.
#pragma once

#include <cstdint>

#include "model/tracker/cuda/chunk_attention.h"  // ElementType

namespace catena::training_kernels {

inline constexpr int most_levels = 4;

/// Rows [B, T, C] of any type, the columns contiguous; the means of each 4, 16, 64... of them, whole groups only, are
/// float32 [B, G, C]: those of the first level, then those of the second...
struct LevelMeans {
  ElementType type = ElementType::float32;
  std::int64_t batch = 0, tokens = 0, columns = 0;
  std::int64_t batch_stride = 0, token_stride = 0;  ///< of the rows, in elements
  int levels = 0;                                   ///< 1 to most_levels

  constexpr std::int64_t groups(int level) const { return tokens >> (2 * level); }  ///< level from 1
  constexpr std::int64_t first_group(int level) const {
    std::int64_t first = 0;
    for (int below = 1; below < level; ++below) first += groups(below);
    return first;
  }
  constexpr std::int64_t all_groups() const { return first_group(levels + 1); }
};

/// `stream`: a cudaStream_t. Throws std::runtime_error with one line.
void level_means_forward(const LevelMeans& sizes, const void* rows, float* means, void* stream);
/// The gradient of the rows, all of it written (zero where a row is in no group), strides as those of the rows.
void level_means_backward(const LevelMeans& sizes, const float* d_means, void* d_rows, void* stream);

}  // namespace catena::training_kernels
