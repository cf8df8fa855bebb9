#include "model/train/tensor_file.h"

#include <stdexcept>

namespace catena::model {

NamedTensor named_tensor(const std::string& name, const torch::Tensor& tensor) {
  const torch::Tensor host = tensor.detach().to(torch::kCPU).contiguous();
  const float* data = host.data_ptr<float>();
  return {name, host.sizes().vec(), std::vector<float>(data, data + host.numel())};
}

void restore_tensor(const SafetensorsFile& file, const std::string& name, torch::Tensor& tensor) {
  restore_rows(file, name, tensor, 0, tensor.size(0));
}

void restore_rows(const SafetensorsFile& file, const std::string& name, torch::Tensor& tensor, std::int64_t first,
                  std::int64_t all) {
  const torch::NoGradGuard no_grad;
  std::vector<std::int64_t> shape = tensor.sizes().vec();
  const std::int64_t rows = shape[0];
  shape[0] = all;
  const auto it = file.tensors().find(name);
  if (it == file.tensors().end() || it->second.shape != shape) {
    throw std::runtime_error("'" + name + "' does not fit this training; change the model back");
  }
  if (tensor.numel() == 0) return;
  TensorView part = it->second;  // no more than this is read of the mapped file
  const std::size_t row = part.data.size() / static_cast<std::size_t>(all);
  part.shape[0] = rows;
  part.data = part.data.subspan(static_cast<std::size_t>(first) * row, static_cast<std::size_t>(rows) * row);
  std::vector<float> values = part.to_float();
  tensor.copy_(torch::from_blob(values.data(), part.shape, torch::kFloat));
}

}  // namespace catena::model
