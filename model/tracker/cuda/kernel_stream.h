// Where the kernels for a tensor run.
#pragma once

#include <torch/types.h>

#include <functional>

namespace catena::model {

/// Calls work(stream) with a cudaStream_t: that which LibTorch's operators on x's device use now, so that the kernels
/// that work launches stand in line with them. The device is current meanwhile. Exceptions of work pass.
void on_stream_of(const torch::Tensor& x, const std::function<void(void* stream)>& work);

}  // namespace catena::model
