// Kernels of CPU tensors run on the emulated device, and are finished when the function that launched them returns.
#include <torch/types.h>

#include <stdexcept>

#include "emulator.h"
#include "model/tracker/cuda/kernel_stream.h"

namespace catena::model {

void on_stream_of(const torch::Tensor&, const std::function<void(void* stream)>& work) {
  work(nullptr);
  if (cudaDeviceSynchronize() != cudaSuccess)
    throw std::runtime_error("the emulated device stopped: " + cuda_emulator::fault());
}

}  // namespace catena::model
