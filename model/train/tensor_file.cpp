#include "model/train/tensor_file.h"

#include <stdexcept>

namespace catena::model {

NamedTensor named_tensor(const std::string& name, const torch::Tensor& tensor) {
  const torch::Tensor host = tensor.detach().to(torch::kCPU).contiguous();
  const float* data = host.data_ptr<float>();
  return {name, host.sizes().vec(), std::vector<float>(data, data + host.numel())};
}

void restore_tensor(const SafetensorsFile& file, const std::string& name, torch::Tensor& tensor, int rank, int size) {
  const torch::NoGradGuard no_grad;
  std::vector<std::int64_t> shape = tensor.sizes().vec();
  const std::int64_t rows = shape[0];
  shape[0] *= size;
  const auto it = file.tensors().find(name);
  if (it == file.tensors().end() || it->second.shape != shape) {
    throw std::runtime_error("'" + name + "' does not fit this training; change the model back");
  }
  std::vector<float> values = it->second.to_float();
  tensor.copy_(torch::from_blob(values.data(), shape, torch::kFloat).slice(0, rank * rows, (rank + 1) * rows));
}

}  // namespace catena::model
