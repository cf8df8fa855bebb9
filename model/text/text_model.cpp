#include "model/text/text_model.h"

#include <algorithm>

namespace catena::model {
namespace {

constexpr std::size_t sampled_bytes = 1024;  // of each tensor

std::uint64_t fnv1a(std::uint64_t hash, const void* data, std::size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ at[i]) * 1099511628211ULL;
  return hash;
}

std::uint64_t fingerprint(const Weights& weights, std::uint32_t tokenizer) {
  std::uint64_t hash = fnv1a(14695981039346656037ULL, &tokenizer, sizeof tokenizer);
  const ModelConfig& config = weights.config();
  // What the tensors' shapes do not tell.
  const float numbers[] = {config.gate_temperature, config.rope_base, config.norm_eps, static_cast<float>(config.heads),
                           static_cast<float>(config.carry)};
  hash = fnv1a(hash, numbers, sizeof numbers);
  for (const TensorSpec& spec : tensor_specs(config)) {
    const TensorView& tensor = weights.tensor(spec.name);
    hash = fnv1a(hash, spec.name.data(), spec.name.size());
    hash = fnv1a(hash, spec.shape.data(), spec.shape.size() * sizeof(spec.shape[0]));
    hash = fnv1a(hash, tensor.data.data(), std::min(sampled_bytes, tensor.data.size()));
  }
  return hash;
}

}  // namespace

std::shared_ptr<const TextModel> TextModel::load(const std::filesystem::path& folder) {
  return std::make_shared<const TextModel>(Weights::load(folder), Tokenizer::load(folder / "tokenizer.model"));
}

TextModel::TextModel(std::shared_ptr<const Weights> weights, std::shared_ptr<const Tokenizer> tokenizer)
    : weights_(std::move(weights)), tokenizer_(std::move(tokenizer)) {
  tokenizer_->require_vocab(config().vocab);
  id_ = fingerprint(*weights_, tokenizer_->id());
}

}  // namespace catena::model
