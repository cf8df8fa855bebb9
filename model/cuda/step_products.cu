// Products of one token: what a step's time goes into is reading each weight once.
#include "model/cuda/kernels.h"
#include "model/cuda/warp.h"

namespace catena::model::cuda {
namespace {

constexpr int product_threads = 128;
constexpr int rows_a_block = product_threads / 32 * 2;

__device__ __forceinline__ float* shared_input() {
#ifdef CUDA_EMULATED
  return static_cast<float*>(cuda_emulator::dynamic_shared());
#else
  extern __shared__ float4 input[];
  return reinterpret_cast<float*>(input);
#endif
}

/// rms(x) * norm + r in shared memory. Every block makes it anew: a few kilobytes from the second-level cache, where a
/// launch of its own would cost more.
__device__ const float* normed_input(const float* x, const StepInput& input, int width, const Place* place) {
  __shared__ float parts[product_threads / 32];
  float* staged = shared_input();
  float squares = 0;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += product_threads) squares += x[i] * x[i];
  const float scale = 1.0F / sqrtf(block_sum(squares, parts) / static_cast<float>(width) + input.eps);
  const float* r = input.regression == no_offset ? nullptr : place->numbers + input.regression;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += product_threads)
    staged[i] = x[i] * scale * input.norm[i] + (r == nullptr ? 0.0F : r[i]);
  __syncthreads();
  return staged;
}

template <typename Kind>
__global__ void __launch_bounds__(product_threads)
    step_product_kernel(Matrix matrix, StepInput input, ProductOutput output, const Place* place) {
  const float* x = input.x == nullptr ? place->numbers : input.x;
  if (input.norm != nullptr) x = normed_input(x, input, matrix.inputs, place);
  const bool paired = output.result == Result::swiglu;
  const int half = matrix.outputs / 2;
  const int pair = static_cast<int>(blockIdx.x * (product_threads / 32) + threadIdx.x / 32);
  const int first = paired ? pair : 2 * pair;
  if (first >= (paired ? half : matrix.outputs)) return;  // the whole warp
  const int second = paired ? half + pair : min(first + 1, matrix.outputs - 1);
  float a = 0, b = 0;
  two_rows<Kind>(matrix, first, second, x, a, b);
  a = warp_sum(a) * row_scale<Kind>(matrix, first);
  b = warp_sum(b) * row_scale<Kind>(matrix, second);
  const unsigned lane = threadIdx.x % 32;
  if (paired) {
    if (lane == 0) output.out[first] = silu(a) * b;
    return;
  }
  const int row = first + static_cast<int>(lane);
  if (lane > 1 || row >= matrix.outputs) return;
  const float y = lane == 0 ? a : b;
  if (output.result == Result::keep) place->numbers[output.kept + static_cast<std::size_t>(row)] = y;
  output.out[row] = output.result == Result::store ? y : output.out[row] + y;
}

}  // namespace

void step_product(cudaStream_t stream, const Matrix& matrix, const StepInput& input, const ProductOutput& output,
                  const Place* place) {
  const unsigned shared = input.norm == nullptr ? 0U : static_cast<unsigned>(matrix.inputs) * 4U;
  const auto blocks = static_cast<unsigned>((matrix.outputs + rows_a_block - 1) / rows_a_block);
  with_kind(matrix.number, [&](auto kind) {
    launch_with_shared(stream, blocks, product_threads, shared, step_product_kernel<decltype(kind)>, matrix, input,
                       output, place);
  });
}

}  // namespace catena::model::cuda
