// Deterministic random models small enough for any test.
#pragma once

#include <cmath>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/runtime/weights.h"

namespace catena::model::test {

/// 3 layers (chain, local, chain), width 32, 2 heads: a few tens of thousands of parameters.
inline ModelConfig tiny_config(Carry carry, int vocab = 96) {
  ModelConfig config;
  config.name = "tiny-" + to_string(carry);
  config.vocab = vocab;
  config.width = 32;
  config.layers = 3;
  config.heads = 2;
  config.ffn = 48;
  config.gate_hidden = 16;
  config.conv_taps = 4;
  config.carry = carry;
  config.gate_temperature = 0.5F;
  config.chunk_length = 16;
  if (carry == Carry::delta) {
    config.local_taps = 3;
    config.shared_attention = true;
  }
  return config;
}

/// One of each kind that streams can be read with.
inline std::vector<ModelConfig> tiny_configs() {
  std::vector<ModelConfig> configs;
  for (const Carry carry : {Carry::delta, Carry::linear, Carry::vector, Carry::none})
    configs.push_back(tiny_config(carry));
  ModelConfig ungated = tiny_config(Carry::delta);
  ungated.gate_hidden = ungated.local_taps = 0;
  ungated.shared_attention = false;
  ungated.name = "tiny-delta-ungated";
  configs.push_back(ungated);
  ModelConfig forgetting = tiny_config(Carry::vector);
  forgetting.regression_share = 0;
  forgetting.name = "tiny-vector-forgetting";
  configs.push_back(forgetting);
  for (const Carry carry : {Carry::delta, Carry::vector, Carry::none}) {
    ModelConfig other = tiny_config(carry);
    other.local_taps = other.local_taps == 0 ? 4 : 0;
    other.name += other.local_taps == 0 ? "-unconvolved" : "-convolved";
    configs.push_back(other);
  }
  return configs;
}

/// Every tensor of `config`, drawn so that activations keep a size near one and gates are neither open nor shut.
/// The same seed gives the same numbers with every standard library (only std::mt19937's raw output is used).
inline std::vector<NamedTensor> random_tensors(const ModelConfig& config, unsigned seed = 1) {
  std::mt19937 random(seed);
  const auto uniform = [&] { return static_cast<float>(random() >> 8) * 0x1p-23F - 1.0F; };
  const auto ends_with = [](const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  };
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : tensor_specs(config)) {
    NamedTensor tensor{spec.name, spec.shape, {}};
    std::size_t elements = 1;
    for (const std::int64_t extent : spec.shape) elements *= static_cast<std::size_t>(extent);
    const bool gain =
        spec.shape.size() == 1 && spec.name.find("norm") != std::string::npos && ends_with(spec.name, ".weight");
    const bool matrix = spec.shape.size() == 2;
    const float scale = matrix ? 1.7F / std::sqrt(static_cast<float>(spec.shape[1])) : gain ? 0.3F : 0.5F;
    const float offset = gain ? 1.0F : ends_with(spec.name, "log_rate") ? -2.0F : 0.0F;
    for (std::size_t i = 0; i < elements; ++i) tensor.values.push_back(offset + scale * uniform());
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

inline std::shared_ptr<const Weights> random_weights(const ModelConfig& config, unsigned seed = 1) {
  return Weights::from_tensors(config, random_tensors(config, seed));
}

/// The same as a model folder (config.json, model.safetensors).
inline void write_random_model(const std::filesystem::path& folder, const ModelConfig& config, unsigned seed = 1,
                               DType dtype = DType::float32) {
  save_model(folder, config, random_tensors(config, seed), dtype);
}

inline std::vector<Token> random_tokens(const ModelConfig& config, std::size_t count, unsigned seed = 7) {
  std::mt19937 random(seed);
  std::vector<Token> tokens(count);
  for (Token& token : tokens) token = static_cast<Token>(random() % static_cast<unsigned>(config.vocab));
  return tokens;
}

}  // namespace catena::model::test
