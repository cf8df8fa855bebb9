#include "model/cuda/failure.h"

#include <string>

#include "model/runtime/device_failure.h"

namespace catena::model::cuda {

void check(cudaError_t error, const char* doing) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // told here; the next call starts without it (a lost device tells it again)
  throw DeviceFailure("the CUDA device failed while " + std::string(doing) + ": " + cudaGetErrorString(error) + " (" +
                      cudaGetErrorName(error) + "); choose cpu");
}

}  // namespace catena::model::cuda
