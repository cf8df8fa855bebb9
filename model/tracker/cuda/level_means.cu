#include "model/tracker/cuda/device.cuh"
#include "model/tracker/cuda/element.cuh"
#include "model/tracker/cuda/level_means.h"

namespace catena::training_kernels {
namespace {

constexpr int kThreads = 128;

/// A thread a column and group of the coarsest level (or what is left at the end): each number is read once and added
/// to the finest level's sum; a finished group's sum is a part of the next level's.
template <typename T>
__global__ void pool(LevelMeans sizes, const T* rows, float* means) {
  const std::int64_t column = blockIdx.y * static_cast<std::int64_t>(kThreads) + threadIdx.x;
  if (column >= sizes.columns) return;
  const std::int64_t span = std::int64_t{1} << (2 * sizes.levels), begin = blockIdx.x * span,
                     end = least(begin + span, sizes.tokens);
  const T* from = rows + blockIdx.z * sizes.batch_stride + column;
  float* to = means + blockIdx.z * sizes.all_groups() * sizes.columns + column;
  float sums[most_levels] = {};
  for (std::int64_t token = begin; token < end; ++token) {
    float sum = to_float(from[token * sizes.token_stride]);
    std::int64_t first = 0;
#pragma unroll
    for (int level = 1; level <= most_levels; ++level) {
      if (level > sizes.levels) break;
      sums[level - 1] += sum;
      if ((token + 1) % (std::int64_t{1} << (2 * level)) != 0) break;
      sum = sums[level - 1];
      sums[level - 1] = 0;
      to[(first + (token >> (2 * level))) * sizes.columns] = sum / static_cast<float>(1 << (2 * level));
      first += sizes.groups(level);
    }
  }
}

/// A thread a number of the input's gradient.
template <typename T>
__global__ void pool_backward(LevelMeans sizes, const float* d_means, T* d_rows) {
  const std::int64_t column = blockIdx.y * static_cast<std::int64_t>(kThreads) + threadIdx.x, token = blockIdx.x;
  if (column >= sizes.columns) return;
  const float* from = d_means + blockIdx.z * sizes.all_groups() * sizes.columns + column;
  float sum = 0;
  std::int64_t first = 0;
  for (int level = 1; level <= sizes.levels; ++level) {
    const std::int64_t group = token >> (2 * level);
    if (group < sizes.groups(level))
      sum += from[(first + group) * sizes.columns] / static_cast<float>(1 << (2 * level));
    first += sizes.groups(level);
  }
  d_rows[blockIdx.z * sizes.batch_stride + token * sizes.token_stride + column] = from_float<T>(sum);
}

template <typename F>
void with_type(const LevelMeans& sizes, const F& f) {
  if (sizes.type == ElementType::float32) {
    f(float());
  } else {
    f(__nv_bfloat16());
  }
}

dim3 grid_of(const LevelMeans& sizes, std::int64_t along) {
  return dim3(static_cast<unsigned>(along), static_cast<unsigned>((sizes.columns + kThreads - 1) / kThreads),
              static_cast<unsigned>(sizes.batch));
}

}  // namespace

void level_means_forward(const LevelMeans& sizes, const void* rows, float* means, void* stream) {
  with_type(sizes, [&](auto element) {
    using T = decltype(element);
    const std::int64_t span = std::int64_t{1} << (2 * sizes.levels);
    launch("level means", pool<T>, grid_of(sizes, (sizes.tokens + span - 1) / span), kThreads, 0, stream, sizes,
           static_cast<const T*>(rows), means);
  });
}

void level_means_backward(const LevelMeans& sizes, const float* d_means, void* d_rows, void* stream) {
  with_type(sizes, [&](auto element) {
    using T = decltype(element);
    launch("back through level means", pool_backward<T>, grid_of(sizes, sizes.tokens), kThreads, 0, stream, sizes,
           d_means, static_cast<T*>(d_rows));
  });
}

}  // namespace catena::training_kernels
