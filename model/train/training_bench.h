// A training step measured on any device, beside the rate at which that device does products at all. No LibTorch in
// here: the command line reads it.
#pragma once

#include <cstdint>
#include <string>

#include "model/train/comparison.h"
#include "model/train/train_config.h"

namespace catena::model {

struct StepShape {
  std::int64_t batch = 8, segment = 1024;  ///< streams, and tokens of each
  std::int64_t chunk = 128;
  int steps = 5;  ///< timed, after one that warms up
  bool recompute = false;  ///< as the training plan's key
  Device device = Device::cpu;
  TrainPrecision precision = TrainPrecision::float32;
};

/// Forward and back with the loss, of a model with random weights. Throws std::runtime_error with one line where the
/// device is not there. Peak memory on the CPU needs count_torch_memory().
TrainingCost training_cost(const ModelConfig& config, const StepShape& shape);

/// Operations a second (two a multiply-add) of a large square product: the median of several.
double product_rate(Device device, TrainPrecision precision);

/// How a Transformer's attention over the whole segment is trained on the device: "fused" (our own form on the CPU,
/// LibTorch's scaled_dot_product_attention elsewhere) or "plain", where neither is there.
std::string transformer_attention(Device device);

}  // namespace catena::model
