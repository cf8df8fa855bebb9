// What every kernel file of this folder begins with: the toolkit's headers (or those of the emulator that tests compile
// against), shared memory, launches.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace catena::training_kernels {

/// The block's dynamic shared memory, on a multiple of 128 bytes.
__device__ inline unsigned char* dynamic_shared_memory() {
#ifdef CUDA_EMULATED
  return static_cast<unsigned char*>(cuda_emulator::dynamic_shared());
#else
  extern __shared__ __align__(128) unsigned char memory[];
  return memory;
#endif
}

template <typename T>
__host__ __device__ T least(T a, T b) {
  return a < b ? a : b;
}

inline void check_launch(const char* what, cudaError_t error) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string("CUDA kernel '") + what + "': " + cudaGetErrorString(error));
}

/// Starts `kernel` on the stream (a cudaStream_t). Throws std::runtime_error with one line that names `what`.
template <typename... Wanted, typename... Given>
void launch(const char* what, void (*kernel)(Wanted...), dim3 grid, int threads, int shared_bytes, void* stream,
            const Given&... given) {
  constexpr int granted_without_asking = 32 * 1024;  // of 48 KB, with room for what a kernel has of its own
  if (shared_bytes > granted_without_asking) {
    check_launch(what, cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes));
  }
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.dynamicSmemBytes = static_cast<std::size_t>(shared_bytes);
  config.stream = static_cast<cudaStream_t>(stream);
  check_launch(what, cudaLaunchKernelEx(&config, kernel, given...));
}

}  // namespace catena::training_kernels
