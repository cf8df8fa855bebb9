// Tensors of a training on their way to disk and back.
#pragma once

#include <torch/types.h>

#include <string>

#include "model/runtime/safetensors.h"

namespace catena::model {

/// A float32 copy in host memory.
NamedTensor named_tensor(const std::string& name, const torch::Tensor& tensor);

/// Fills `tensor` with what was saved. Throws std::runtime_error when that has another shape.
void restore_tensor(const SafetensorsFile& file, const std::string& name, torch::Tensor& tensor);

/// The same for a tensor that is the rows (along the first dimension) from `first` on of `all` that were saved.
void restore_rows(const SafetensorsFile& file, const std::string& name, torch::Tensor& tensor, std::int64_t first,
                  std::int64_t all);

}  // namespace catena::model
