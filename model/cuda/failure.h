// What the device answers, as one line.
#pragma once

#include <cuda_runtime.h>

namespace catena::model::cuda {

/// Throws DeviceFailure (model/runtime/device_failure.h) unless `error` is cudaSuccess. `doing`: what was tried.
void check(cudaError_t error, const char* doing);

}  // namespace catena::model::cuda
