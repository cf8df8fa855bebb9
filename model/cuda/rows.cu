// Whole rows: embeddings in, norms, the last output; and the place that kernels find in device memory.
#include "model/cuda/kernels.h"
#include "model/cuda/warp.h"

namespace catena::model::cuda {
namespace {

constexpr int row_threads = 128;

__global__ void set_place_kernel(Place value, Place* place) { *place = value; }

template <typename Kind>
__global__ void begin_tokens_kernel(Matrix embed, float* x, float* outputs, Place* place) {
  const int token = static_cast<int>(blockIdx.x);
  const int width = embed.inputs;
  if (token >= place->count) return;
  const int row = place->tokens[token];
  const float scale = row_scale<Kind>(embed, row);
  constexpr int count = Weights16<Kind>::count;
  for (int i = static_cast<int>(threadIdx.x); i < width / count; i += row_threads) {
    float values[count];
    Weights16<Kind>::unpack(load16<Kind>(embed, row, i), values);
    for (int j = 0; j < count; ++j) x[token * width + i * count + j] = scale * values[j];
  }
  if (token > 0) return;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += row_threads) outputs[i] = place->numbers[i];
  if (threadIdx.x == 0 && place->ended != 0) {
    place->ended = 0;
    place->position = 0;
    place->chunk_is_odd ^= 1;
    place->temperature = place->next_temperature;
  }
}

__device__ float rms_scale(const float* x, int width, float eps) {
  __shared__ float parts[row_threads / 32];
  float squares = 0;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += row_threads) squares += x[i] * x[i];
  return 1.0F / sqrtf(block_sum(squares, parts) / static_cast<float>(width) + eps);
}

__global__ void normalise_kernel(const float* x, const float* weight, float eps, int width, float* h,
                                 std::size_t regression, const Place* place) {
  const int token = static_cast<int>(blockIdx.x);
  if (token >= place->count) return;
  x += static_cast<std::size_t>(token) * width;
  h += static_cast<std::size_t>(token) * width;
  const float scale = rms_scale(x, width, eps);
  const float* r = regression == no_offset ? nullptr : place->numbers + regression;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += row_threads)
    h[i] = x[i] * scale * weight[i] + (r == nullptr ? 0.0F : r[i]);
}

__global__ void finish_tokens_kernel(const float* x, const float* weight, float eps, int width, float* outputs,
                                     Place* place) {
  const int token = static_cast<int>(blockIdx.x);
  const int count = place->count;
  if (token >= count) return;
  x += static_cast<std::size_t>(token) * width;
  outputs += static_cast<std::size_t>(token + 1) * width;
  const float scale = rms_scale(x, width, eps);
  for (int i = static_cast<int>(threadIdx.x); i < width; i += row_threads) {
    const float y = x[i] * scale * weight[i];
    outputs[i] = y;
    if (token == count - 1) place->numbers[i] = y;
  }
  if (token == 0 && threadIdx.x == 0) {  // no other block of this launch looks at these
    place->position += count;
    place->ended = place->position == place->chunk_length ? 1 : 0;
  }
}

}  // namespace

void set_place(cudaStream_t stream, const Place& value, Place* place) {
  launch(stream, 1, 1, set_place_kernel, value, place);
}

void begin_tokens(cudaStream_t stream, int tokens, const Matrix& embed, float* x, float* outputs, Place* place) {
  with_kind(embed.number, [&](auto kind) {
    launch(stream, static_cast<unsigned>(tokens), row_threads, begin_tokens_kernel<decltype(kind)>, embed, x, outputs,
           place);
  });
}

void normalise(cudaStream_t stream, int tokens, const float* x, const float* weight, float eps, int width, float* h,
               std::size_t regression, const Place* place) {
  launch(stream, static_cast<unsigned>(tokens), row_threads, normalise_kernel, x, weight, eps, width, h, regression,
         place);
}

void finish_tokens(cudaStream_t stream, int tokens, const float* x, const float* weight, float eps, int width,
                   float* outputs, Place* place) {
  launch(stream, static_cast<unsigned>(tokens), row_threads, finish_tokens_kernel, x, weight, eps, width, outputs,
         place);
}

}  // namespace catena::model::cuda
