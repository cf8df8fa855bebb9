// The most that LibTorch's GPU allocator held for tensors on the current device. Only where a GPU is in use: -1 in
// builds without.
#pragma once

#include <cstdint>

namespace catena::model {

/// Since the start or reset_gpu_peak().
std::int64_t gpu_peak_bytes();
void reset_gpu_peak();

}  // namespace catena::model
