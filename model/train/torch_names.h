// A plan's device and precision in LibTorch's terms.
#pragma once

#include <torch/types.h>

#include "model/train/train_config.h"

namespace catena::model {

inline torch::Device torch_device(Device device, int index = 0) {
  return device == Device::cuda ? torch::Device(torch::kCUDA, static_cast<torch::DeviceIndex>(index))
                                : torch::Device(torch::kCPU);
}

inline torch::ScalarType torch_type(TrainPrecision precision) {
  if (precision == TrainPrecision::float32) return torch::kFloat;
  return precision == TrainPrecision::bfloat16 ? torch::kBFloat16 : torch::kHalf;
}

}  // namespace catena::model
