// A model's weights in device memory, in one block. Built once, const, shared by all executors of the same weights and
// precision.
#pragma once

#include <memory>
#include <vector>

#include "model/cuda/device_memory.h"
#include "model/cuda/kernels.h"
#include "model/runtime/weights.h"

namespace catena::model::cuda {

struct DeviceLayer {
  const float* norm1 = nullptr;  ///< [d]
  Matrix in;  ///< delta: q, k, v, g, importance's first layer, decay, and a query, stacked; else q, k, v
  Matrix out;
  const float* norm2 = nullptr;
  Matrix ffn_in, ffn_out;

  bool has_memory = false;  ///< a delta mixer; else a local one
  DeltaMixer delta;
  LocalMixer local;

  bool attends_below = false;  ///< a memory layer that attends as well, to what the local layer below keeps
  LocalMixer below;
  Matrix attention_out;
};

struct DeviceModel {
  ModelConfig config;
  Matrix embed;  ///< [V, d]
  const float* norm = nullptr;
  std::vector<DeviceLayer> layers;
  std::vector<Regression> regressions;             ///< of the vector layers
  const Regression* device_regressions = nullptr;  ///< the same in device memory
  DeviceMemory memory;

  /// Packs and uploads, or hands out what is there already and still in use. Matrices are rounded to the precision
  /// asked for; vectors stay float32, and so does the importance gate's last layer with int8: what
  /// model/runtime/packed_model.h does. Throws DeviceFailure when there is no room, std::runtime_error when the kernels
  /// cannot read such a model.
  static std::shared_ptr<const DeviceModel> get(const std::shared_ptr<const Weights>& weights, Precision precision);
};

}  // namespace catena::model::cuda
