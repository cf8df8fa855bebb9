// Launching a kernel of a .cu file. Not the <<<>>> of nvcc's language, so that the same file is also plain C++.
#pragma once

#include <cuda_runtime.h>

#include "model/cuda/failure.h"

namespace catena::model::cuda {

template <typename... Wanted, typename... Given>
void launch(cudaStream_t stream, dim3 grid, dim3 block, void (*kernel)(Wanted...), Given... given) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, given...), "launching a kernel");
}
template <typename... Wanted, typename... Given>
void launch_with_shared(cudaStream_t stream, dim3 grid, dim3 block, unsigned shared_bytes, void (*kernel)(Wanted...),
                        Given... given) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, given...), "launching a kernel");
}

/// In which kind of number a matrix is held, as a type: calls use(float{}), use(Bfloat16{}) or use(Int8{}).
struct Bfloat16 {};
struct Int8 {};

}  // namespace catena::model::cuda
