#include "model/tracker/cuda/kernel_stream.h"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace catena::model {

void on_stream_of(const torch::Tensor& x, const std::function<void(void* stream)>& work) {
  const c10::cuda::CUDAGuard guard(x.device());
  work(c10::cuda::getCurrentCUDAStream().stream());
}

}  // namespace catena::model
