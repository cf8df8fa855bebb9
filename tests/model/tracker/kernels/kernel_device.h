// Where the kernels under test run.
#pragma once

#include <torch/cuda.h>
#include <torch/types.h>

#include "../gradients.h"
#include "model/tracker/cuda/kernel_ops.h"
#ifndef CATENA_CUDA_KERNELS
#include "emulator.h"
#endif

namespace catena::test {

/// Tensors go there and come back: the GPU that the kernels were built for, or this processor, which emulates one.
inline torch::Device kernel_device() { return model::kernels_linked ? torch::kCUDA : torch::kCPU; }

/// False, and says so, where the kernels want a GPU and there is none.
inline bool device_at_hand() {
  if (!model::kernels_linked || torch::cuda::is_available()) return true;
  WARN("not run: no GPU");
  return false;
}

inline Inputs on_device(const Inputs& inputs) {
  Inputs moved;
  for (const torch::Tensor& x : inputs) moved.push_back(x.to(kernel_device()));
  return moved;
}

/// Runs `test` with the emulated device's threads and blocks in one order and in the other, which is how a missing
/// barrier shows; on a GPU once.
template <typename Test>
void in_both_orders(const Test& test) {
#ifdef CATENA_CUDA_KERNELS
  test();
#else
  for (const auto order : {cuda_emulator::Order::forward, cuda_emulator::Order::backward}) {
    INFO((order == cuda_emulator::Order::forward ? "threads in order" : "threads in the opposite order"));
    cuda_emulator::set_order(order);
    test();
  }
  cuda_emulator::set_order(cuda_emulator::Order::forward);
#endif
}

}  // namespace catena::test
