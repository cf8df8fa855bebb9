// What happens between two chunks. These kernels are part of every recorded graph, and return at once while the chunk
// goes on, so that a loop over tokens needs no host at a boundary.
#include "model/cuda/kernels.h"
#include "model/cuda/warp.h"

namespace catena::model::cuda {
namespace {

constexpr int threads = 128;
constexpr int rows_a_block = threads / 32 * 2;
constexpr float layer_norm_eps = 1e-5F;

template <typename Kind>
__global__ void __launch_bounds__(threads)
    regress_product_kernel(const Regression* layers, int width, float* next, const Place* place) {
  if (place->ended == 0) return;
  const Regression layer = layers[blockIdx.y];
  const int first = static_cast<int>(blockIdx.x) * rows_a_block + static_cast<int>(threadIdx.x) / 32 * 2;
  if (first >= width) return;  // widths are multiples of 32: a warp has both its rows or none
  float a = 0, b = 0;
  two_rows<Kind>(layer.matrix, first, first + 1, place->numbers + layer.last_result, a, b);
  a = warp_sum(a) * row_scale<Kind>(layer.matrix, first);
  b = warp_sum(b) * row_scale<Kind>(layer.matrix, first + 1);
  if (threadIdx.x % 32 < 2) {
    next[static_cast<std::size_t>(blockIdx.y) * width + first + threadIdx.x % 32] = threadIdx.x % 32 == 0 ? a : b;
  }
}

__global__ void __launch_bounds__(threads)
    regress_kernel(const Regression* layers, int width, float share, const float* next, const Place* place) {
  __shared__ float parts[threads / 32];
  if (place->ended == 0) return;
  const Regression layer = layers[blockIdx.x];
  next += static_cast<std::size_t>(blockIdx.x) * width;
  float* r = place->numbers + layer.regression;
  float* last = place->numbers + layer.last_result;
  float total = 0;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += threads) {
    const float value = tanhf(next[i] + layer.bias[i]) + share * r[i];
    r[i] = value;
    last[i] = 0;
    total += value;
  }
  if (place->chunk_is_odd == 0) return;
  const float mean = block_sum(total, parts) / static_cast<float>(width);
  float squares = 0;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += threads) squares += (r[i] - mean) * (r[i] - mean);
  const float scale = 1.0F / sqrtf(block_sum(squares, parts) / static_cast<float>(width) + layer_norm_eps);
  for (int i = static_cast<int>(threadIdx.x); i < width; i += threads)
    r[i] = (r[i] - mean) * scale * layer.norm_weight[i] + layer.norm_bias[i];
}

__global__ void __launch_bounds__(threads) clear_chunk_kernel(StateShape shape, const Place* place) {
  if (place->ended == 0) return;
  const std::size_t at = static_cast<std::size_t>(blockIdx.x) * threads + threadIdx.x;
  const std::size_t step = static_cast<std::size_t>(gridDim.x) * threads;
  const std::size_t used = static_cast<std::size_t>(place->position) * shape.width;
  const std::size_t rows = static_cast<std::size_t>(place->chunk_length) * shape.width;
  for (int i = 0; i < 2 * shape.attention_layers; ++i) {
    float* part = place->numbers + shape.running + static_cast<std::size_t>(i) * rows;
    for (std::size_t j = at; j < used; j += step) part[j] = 0;
  }
  if (place->carry != 0) return;
  for (std::size_t j = shape.chain_begin + at; j < shape.running; j += step) place->numbers[j] = 0;
}

}  // namespace

void regress(cudaStream_t stream, const Regression* layers, int count, Number number, int width, float share,
             float* next, const Place* place) {
  const dim3 grid(static_cast<unsigned>((width + rows_a_block - 1) / rows_a_block), static_cast<unsigned>(count));
  with_kind(number, [&](auto kind) {
    launch(stream, grid, threads, regress_product_kernel<decltype(kind)>, layers, width, next, place);
  });
  launch(stream, static_cast<unsigned>(count), threads, regress_kernel, layers, width, share, next, place);
}

void clear_chunk(cudaStream_t stream, const StateShape& shape, const Place* place) {
  launch(stream, 32, threads, clear_chunk_kernel, shape, place);
}

}  // namespace catena::model::cuda
