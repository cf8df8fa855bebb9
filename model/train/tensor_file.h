// Tensors of a training on their way to disk and back.
#pragma once

#include <torch/types.h>

#include <string>

#include "model/runtime/safetensors.h"

namespace catena::model {

/// A float32 copy in host memory.
NamedTensor named_tensor(const std::string& name, const torch::Tensor& tensor);

/// Fills `tensor`, which is part `rank` of `size` equal parts along the first dimension of what was saved. Throws std::runtime_error
/// when it has another shape.
void restore_tensor(const SafetensorsFile& file, const std::string& name, torch::Tensor& tensor, int rank = 0, int size = 1);

}  // namespace catena::model
