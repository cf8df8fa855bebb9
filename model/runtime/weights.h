// A model's weights: const, shared between executors, checked before use.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/runtime/safetensors.h"

namespace catena::model {

class Weights {
 public:
  /// Reads `folder`/config.json and maps `folder`/model.safetensors. Throws std::runtime_error with one line when
  /// either is missing or broken, or when names and shapes are not exactly tensor_specs(config). Values are not judged:
  /// NaN loads.
  static std::shared_ptr<const Weights> load(const std::filesystem::path& folder);

  /// The same from memory (a model in training, a test).
  static std::shared_ptr<const Weights> from_tensors(const ModelConfig& config, std::vector<NamedTensor> tensors);

  const ModelConfig& config() const { return config_; }

  /// Throws std::runtime_error when the model has no such tensor. The view is valid as long as the weights.
  const TensorView& tensor(std::string_view name) const;
  /// Row-major float32, whatever is stored.
  std::vector<float> to_float(std::string_view name) const { return tensor(name).to_float(); }

 private:
  Weights() = default;
  void check() const;

  ModelConfig config_;
  std::unique_ptr<SafetensorsFile> file_;  // either the file
  std::vector<NamedTensor> owned_;         // or these hold the numbers
  std::map<std::string, TensorView, std::less<>> tensors_;
};

/// Writes config.json and model.safetensors into `folder` (created if need be), each atomically. Throws as
/// write_safetensors.
void save_model(const std::filesystem::path& folder, const ModelConfig& config, std::span<const NamedTensor> tensors,
                DType dtype, const std::map<std::string, std::string>& metadata = {});

}  // namespace catena::model
