#include "model/runtime/weights.h"

#include <stdexcept>
#include <utility>

namespace catena::model {
namespace {

std::string describe(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace

std::shared_ptr<const Weights> Weights::load(const std::filesystem::path& folder) {
  std::shared_ptr<Weights> weights(new Weights);
  weights->config_ = ModelConfig::load(folder / "config.json");
  const auto path = folder / "model.safetensors";
  weights->file_ = std::make_unique<SafetensorsFile>(path);
  weights->tensors_ = weights->file_->tensors();
  try {
    weights->check();
  } catch (const std::exception& error) {
    throw std::runtime_error("weights file '" + path.string() + "': " + error.what());
  }
  return weights;
}

std::shared_ptr<const Weights> Weights::from_tensors(const ModelConfig& config, std::vector<NamedTensor> tensors) {
  config.validate();
  std::shared_ptr<Weights> weights(new Weights);
  weights->config_ = config;
  weights->owned_ = std::move(tensors);
  for (const NamedTensor& tensor : weights->owned_) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : tensor.shape) elements *= extent;
    if (std::cmp_not_equal(elements, tensor.values.size())) {
      throw std::runtime_error("tensor '" + tensor.name + "' has " + std::to_string(tensor.values.size()) +
                               " values, its shape " + describe(tensor.shape) + " asks for another number");
    }
    weights->tensors_[tensor.name] = {DType::float32, tensor.shape, std::as_bytes(std::span(tensor.values))};
  }
  weights->check();
  return weights;
}

const TensorView& Weights::tensor(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw std::runtime_error("model '" + config_.name + "' has no tensor '" + std::string(name) + "'");
  }
  return found->second;
}

void Weights::check() const {
  const std::vector<TensorSpec> specs = tensor_specs(config_);
  for (const TensorSpec& spec : specs) {
    const auto found = tensors_.find(spec.name);
    if (found == tensors_.end()) {
      throw std::runtime_error("tensor '" + spec.name + "' is missing; weights and config.json do not belong together");
    }
    if (found->second.shape != spec.shape) {
      throw std::runtime_error("tensor '" + spec.name + "' has shape " + describe(found->second.shape) +
                               ", config.json asks for " + describe(spec.shape));
    }
  }
  if (tensors_.size() == specs.size()) return;
  for (const auto& [name, view] : tensors_) {
    bool known = false;
    for (const TensorSpec& spec : specs) known = known || spec.name == name;
    if (!known) throw std::runtime_error("tensor '" + name + "' is unknown to a model with this config.json");
  }
}

void save_model(const std::filesystem::path& folder, const ModelConfig& config, std::span<const NamedTensor> tensors,
                DType dtype, const std::map<std::string, std::string>& metadata) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw std::runtime_error("cannot create folder '" + folder.string() + "': " + error.message());
  write_safetensors(folder / "model.safetensors", tensors, dtype, metadata);
  config.save(folder / "config.json");
}

}  // namespace catena::model
