// A text model as it is shipped: weights, config and the tokenizer that belongs to them. Const and shared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "model/config.h"
#include "model/runtime/weights.h"
#include "model/text/tokenizer.h"

namespace catena::model {

class TextModel {
 public:
  /// Reads config.json, model.safetensors and tokenizer.model. Throws std::runtime_error with one line when a part is
  /// missing, truncated, foreign, or does not fit the others.
  static std::shared_ptr<const TextModel> load(const std::filesystem::path& folder);

  /// From parts that are in memory already. Throws std::runtime_error when the vocabularies differ.
  TextModel(std::shared_ptr<const Weights> weights, std::shared_ptr<const Tokenizer> tokenizer);

  const ModelConfig& config() const { return weights_->config(); }
  const std::shared_ptr<const Weights>& weights() const { return weights_; }
  const std::shared_ptr<const Tokenizer>& tokenizer() const { return tokenizer_; }

  /// Differs for another shape, other weights (a sample of every tensor goes into it) and another tokenizer.
  std::uint64_t id() const { return id_; }

 private:
  std::shared_ptr<const Weights> weights_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::uint64_t id_ = 0;
};

}  // namespace catena::model
