// Products of many tokens, 64 x 64 results a block of threads.
#include <cuda_bf16.h>
#include <mma.h>

#include "model/cuda/kernels.h"
#include "model/cuda/warp.h"

namespace catena::model::cuda {
namespace {

constexpr int tile = 64;
constexpr int tile_threads = 128;
constexpr int sums_stride = tile + 4;  // floats; rows stay aligned to 16 bytes and spread over the banks

/// The tile's column `column` is which row of the matrix, or -1. For SwiGLU a tile has 32 gates and their 32 partners.
__device__ __forceinline__ int matrix_row(const Matrix& matrix, Result result, int tile_index, int column) {
  if (result != Result::swiglu) {
    const int row = tile_index * tile + column;
    return row < matrix.outputs ? row : -1;
  }
  const int half = matrix.outputs / 2;
  const int row = tile_index * (tile / 2) + column % (tile / 2);
  return row < half ? row + column / (tile / 2) * half : -1;
}

/// From shared memory to where the results go. `first`: token of the tile's first row; `count`: tokens there are;
/// `origin`: token of the output's first row.
template <typename Kind>
__device__ void write_results(const float* sums, const Matrix& matrix, const ProductOutput& output, int first,
                              int count, int origin, const Place* place) {
  const int tile_index = static_cast<int>(blockIdx.x);
  const int columns = output.result == Result::swiglu ? tile / 2 : tile;
  for (int i = static_cast<int>(threadIdx.x); i < tile * columns; i += tile_threads) {
    const int token = first + i / columns, column = i % columns;
    const int row = matrix_row(matrix, output.result, tile_index, column);
    if (token >= count || row < 0) continue;
    const float* from = sums + i / columns * sums_stride + column;
    float y = from[0] * row_scale<Kind>(matrix, row);
    float* out = output.out + static_cast<std::size_t>(token - origin) * output.stride + row;
    switch (output.result) {
      case Result::store:
        *out = y;
        break;
      case Result::keep:
        if (token == count - 1) place->numbers[output.kept + static_cast<std::size_t>(row)] = y;
        *out += y;
        break;
      case Result::add:
        *out += y;
        break;
      case Result::swiglu:
        *out = silu(y) * from[tile / 2] * row_scale<Kind>(matrix, row + matrix.outputs / 2);
        break;
    }
  }
}

/// The rows that this launch multiplies: [first, count) of x and the output.
__device__ __forceinline__ int last_row(const BlockRows& rows, const Place* place) {
  return min(place->count, rows.first + rows.most);
}

constexpr int depth = 32;               // inputs at a time
constexpr int part_stride = depth + 8;  // bfloat16: rows stay aligned to 16 bytes and spread over the banks

/// bfloat16 and int8 weights. An input x is split in two, x = high + low, each a bfloat16: the products of both with an
/// exact weight are what a product of x itself would be, to about 2^-17. int8 weights are exact in bfloat16.
template <typename Kind>
__global__ void __launch_bounds__(tile_threads)
    tensor_product_kernel(Matrix matrix, const float* x, int stride, BlockRows rows, ProductOutput output,
                          const Place* place) {
  using namespace nvcuda;
  __shared__ __align__(32) __nv_bfloat16 high[tile * part_stride];
  __shared__ __align__(32) __nv_bfloat16 low[tile * part_stride];
  __shared__ __align__(32) __nv_bfloat16 weights[tile * part_stride];
  __shared__ __align__(32) float sums[tile * sums_stride];
  const int count = last_row(rows, place);
  const int first = rows.first + static_cast<int>(blockIdx.y) * tile;
  if (first >= count) return;
  const int thread = static_cast<int>(threadIdx.x);
  const int warp_row = thread / 64 * 32, warp_column = thread / 32 % 2 * 32;

  wmma::fragment<wmma::accumulator, 16, 16, 16, float> results[2][2];
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) wmma::fill_fragment(results[i][j], 0.0F);
  for (int start = 0; start < matrix.inputs; start += depth) {
    for (int i = thread; i < tile * (depth / 4); i += tile_threads) {
      const int row = i / (depth / 4), column = i % (depth / 4) * 4;
      float4 input = make_float4(0, 0, 0, 0);
      if (first + row < count && start + column < matrix.inputs)
        input = *reinterpret_cast<const float4*>(x + static_cast<std::size_t>(first + row) * stride + start + column);
      const float values[4] = {input.x, input.y, input.z, input.w};
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const __nv_bfloat16 part = __float2bfloat16(values[j]);
        high[row * part_stride + column + j] = part;
        low[row * part_stride + column + j] = __float2bfloat16(values[j] - __bfloat162float(part));
      }
    }
    constexpr int per_load = Weights16<Kind>::count, loads = depth / per_load;
    for (int i = thread; i < tile * loads; i += tile_threads) {
      const int column = i / loads, offset = i % loads * per_load;
      const int row = matrix_row(matrix, output.result, static_cast<int>(blockIdx.x), column);
      float values[per_load] = {};
      if (row >= 0 && start + offset < matrix.inputs)
        Weights16<Kind>::unpack(load16<Kind>(matrix, row, (start + offset) / per_load), values);
#pragma unroll
      for (int j = 0; j < per_load; ++j) weights[column * part_stride + offset + j] = __float2bfloat16(values[j]);
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < depth; k += 16) {
      wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::col_major> right[2];
      for (int j = 0; j < 2; ++j)
        wmma::load_matrix_sync(right[j], weights + (warp_column + j * 16) * part_stride + k, part_stride);
      for (int i = 0; i < 2; ++i) {
        wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> left, rest;
        wmma::load_matrix_sync(left, high + (warp_row + i * 16) * part_stride + k, part_stride);
        wmma::load_matrix_sync(rest, low + (warp_row + i * 16) * part_stride + k, part_stride);
        for (int j = 0; j < 2; ++j) {
          wmma::mma_sync(results[i][j], rest, right[j], results[i][j]);
          wmma::mma_sync(results[i][j], left, right[j], results[i][j]);
        }
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      wmma::store_matrix_sync(sums + (warp_row + i * 16) * sums_stride + warp_column + j * 16, results[i][j],
                              sums_stride, wmma::mem_row_major);
    }
  }
  __syncthreads();
  write_results<Kind>(sums, matrix, output, first, count, rows.first, place);
}

/// float32 weights, sums in float32: a thread has 8 x 4 results.
__global__ void __launch_bounds__(tile_threads)
    float_product_kernel(Matrix matrix, const float* x, int stride, BlockRows rows, ProductOutput output,
                         const Place* place) {
  constexpr int step = 16;
  __shared__ __align__(16) float left[step * sums_stride];   // [inputs, tokens]
  __shared__ __align__(16) float right[step * sums_stride];  // [inputs, outputs]
  __shared__ __align__(16) float sums[tile * sums_stride];
  const int count = last_row(rows, place);
  const int first = rows.first + static_cast<int>(blockIdx.y) * tile;
  if (first >= count) return;
  const int thread = static_cast<int>(threadIdx.x);
  const int own_row = thread / 16 * 8, own_column = thread % 16 * 4;

  float results[8][4] = {};
  for (int start = 0; start < matrix.inputs; start += step) {
    for (int i = thread; i < tile * (step / 4); i += tile_threads) {
      const int row = i / (step / 4), column = i % (step / 4) * 4;
      float4 input = make_float4(0, 0, 0, 0);
      if (first + row < count)
        input = *reinterpret_cast<const float4*>(x + static_cast<std::size_t>(first + row) * stride + start + column);
      float weight[4] = {};
      const int from = matrix_row(matrix, output.result, static_cast<int>(blockIdx.x), row);
      if (from >= 0) Weights16<float>::unpack(load16<float>(matrix, from, (start + column) / 4), weight);
      const float values[4] = {input.x, input.y, input.z, input.w};
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        left[(column + j) * sums_stride + row] = values[j];
        right[(column + j) * sums_stride + row] = weight[j];
      }
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < step; ++k) {
      float a[8], b[4];
#pragma unroll
      for (int i = 0; i < 8; ++i) a[i] = left[k * sums_stride + own_row + i];
#pragma unroll
      for (int j = 0; j < 4; ++j) b[j] = right[k * sums_stride + own_column + j];
#pragma unroll
      for (int i = 0; i < 8; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) results[i][j] += a[i] * b[j];
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 4; ++j) sums[(own_row + i) * sums_stride + own_column + j] = results[i][j];
  }
  __syncthreads();
  write_results<float>(sums, matrix, output, first, count, rows.first, place);
}

}  // namespace

void block_product(cudaStream_t stream, const Matrix& matrix, const float* x, int stride, BlockRows rows,
                   const ProductOutput& output, const Place* place) {
  const int results = output.result == Result::swiglu ? matrix.outputs / 2 : matrix.outputs;
  const int columns = output.result == Result::swiglu ? tile / 2 : tile;
  const dim3 grid(static_cast<unsigned>((results + columns - 1) / columns),
                  static_cast<unsigned>((rows.most + tile - 1) / tile));
  if (matrix.number == Number::float32) {
    launch(stream, grid, tile_threads, float_product_kernel, matrix, x, stride, rows, output, place);
  } else if (matrix.number == Number::bfloat16) {
    launch(stream, grid, tile_threads, tensor_product_kernel<Bfloat16>, matrix, x, stride, rows, output, place);
  } else {
    launch(stream, grid, tile_threads, tensor_product_kernel<Int8>, matrix, x, stride, rows, output, place);
  }
}

}  // namespace catena::model::cuda
