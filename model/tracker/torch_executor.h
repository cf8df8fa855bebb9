// The chained tracker on any LibTorch device: the state and the weights are tensors there. The second, independent
// implementation of docs/design.md beside the native CPU executor, and the one for CUDA.
#pragma once

#include <memory>

#include "model/executor.h"

namespace catena::model {

/// Throws std::runtime_error with one line when options.device is cuda and LibTorch has no usable GPU.
std::unique_ptr<Executor> make_torch_executor(std::shared_ptr<const Weights> weights, const ExecutorOptions& options);

/// Offers Device::cuda to make_executor() if this LibTorch has a usable GPU; call once at start. Returns whether it
/// has.
bool register_cuda_executor();

/// Bytes that LibTorch's GPU allocator holds for tensors on the current device, -1 without a GPU.
std::int64_t gpu_bytes();

/// Reports LibTorch's CPU tensor memory to model/runtime/memory.h. Call once, before the first tensor.
void count_torch_memory();

}  // namespace catena::model
