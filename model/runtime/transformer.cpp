#include "model/runtime/transformer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace catena::model {

ModelConfig same_size_transformer(const ModelConfig& config) {
  ModelConfig same = config;
  same.name += "-transformer";
  same.carry = Carry::attention;
  same.features = same.around_taps = same.local_taps = 0;
  same.shared_attention = false;
  const std::int64_t input = config.reads_frames() ? std::int64_t{config.width} * (config.features + 1) : 0;
  // A unit of ffn costs 3 d a layer; 16 at a time, as the kernels like it.
  const std::int64_t unit = std::int64_t{16} * 3 * config.width * config.layers;
  const std::int64_t missing = config.parameters() - input - same.parameters();
  same.ffn += static_cast<int>((missing + (missing < 0 ? -unit : unit) / 2) / unit) * 16;
  return same;
}

std::int64_t kv_cache_bytes(const ModelConfig& config, std::int64_t tokens, Precision precision) {
  return tokens * config.layers * 2 * config.width * (precision == Precision::float32 ? 4 : 2);
}

std::shared_ptr<const Weights> filler_weights(const ModelConfig& config) {
  std::vector<NamedTensor> tensors;
  unsigned seed = 1;
  for (const TensorSpec& spec : tensor_specs(config)) {
    std::size_t count = 1;
    for (const std::int64_t extent : spec.shape) count *= static_cast<std::size_t>(extent);
    NamedTensor tensor{spec.name, spec.shape, std::vector<float>(count)};
    for (float& value : tensor.values) {
      seed = seed * 1664525U + 1013904223U;
      value = spec.shape.size() == 1 ? 1.0F : (static_cast<float>(seed >> 8) * 0x1p-23F - 1.0F) * 0.06F;
    }
    tensors.push_back(std::move(tensor));
  }
  return Weights::from_tensors(config, std::move(tensors));
}

Transformer::Transformer(const std::shared_ptr<const Weights>& weights, Precision precision, int longest)
    : model_(*PackedModel::get(weights, precision)), scratch_(weights->config(), 1, best_kernels()), longest_(longest) {
  const ModelConfig& config = model_.config;
  if (config.carry != Carry::attention)
    throw std::runtime_error("a Transformer is made of a carry = attention model, not of '" + config.name + "'");
  if (config.local_taps > 0)
    throw std::runtime_error("'" + config.name +
                             "' has convolutions in its layers (local_taps): it can be trained, not run");
  caches_.resize(static_cast<std::size_t>(config.layers));
}

void Transformer::grow() {
  capacity_ = std::min(longest_, std::max(128, 2 * capacity_));
  for (Cache& cache : caches_) {
    cache.keys.resize(static_cast<std::size_t>(capacity_) * scratch_.width);
    cache.values.resize(static_cast<std::size_t>(capacity_) * scratch_.width);
  }
  const ModelConfig& config = model_.config;
  scratch_.scores.resize(std::max(scratch_.scores.size(), static_cast<std::size_t>(capacity_)));
  const int half = config.head_width() / 2;
  for (auto position = static_cast<int>(model_.cosine.size()) / half; position < capacity_; ++position) {
    for (int j = 0; j < half; ++j) {
      const double angle = position * std::pow(static_cast<double>(config.rope_base), -static_cast<double>(j) / half);
      model_.cosine.push_back(static_cast<float>(std::cos(angle)));
      model_.sine.push_back(static_cast<float>(std::sin(angle)));
    }
  }
}

void Transformer::make_room() {
  if (tokens_ == longest_)
    throw std::runtime_error("the Transformer was made for " + std::to_string(longest_) + " tokens");
  if (tokens_ == capacity_) grow();
}

void Transformer::read(Token token) {
  make_room();
  model_.embed.row(token, scratch_.x().row(0));
  read_embedded();
}

void Transformer::read(std::span<const float> embedded) {
  if (embedded.size() != scratch_.width) {
    throw std::runtime_error("the Transformer reads " + std::to_string(scratch_.width) + " numbers, not " +
                             std::to_string(embedded.size()));
  }
  make_room();
  std::copy(embedded.begin(), embedded.end(), scratch_.x().row(0));
  read_embedded();
}

void Transformer::read_embedded() {
  const ModelConfig& config = model_.config;
  const Kernels& kernels = best_kernels();
  const Compute compute{kernels, pool_, scratch_.quantized};
  const Rows x = scratch_.x(), h = scratch_.h(), wide = scratch_.projected();
  const Rows hidden{scratch_.ffn_hidden.data(), static_cast<std::size_t>(config.ffn)};
  for (std::size_t i = 0; i < caches_.size(); ++i) {
    const PackedLayer& layer = model_.layers[i];
    kernels.rms_norm(x.row(0), layer.norm1.data(), h.row(0), config.width, config.norm_eps);
    local_mixer(compute, model_, layer, scratch_, 1, 0, {caches_[i].keys.data(), caches_[i].values.data(), tokens_});
    layer.out.multiply(compute, scratch_.mixed(), 1, x, true);
    kernels.rms_norm(x.row(0), layer.norm2.data(), h.row(0), config.width, config.norm_eps);
    layer.ffn_in.multiply(compute, h, 1, wide);
    kernels.swiglu(wide.row(0), wide.row(0) + config.ffn, hidden.row(0), config.ffn);
    layer.ffn_out.multiply(compute, hidden, 1, x, true);
  }
  kernels.rms_norm(x.row(0), model_.norm.data(), scratch_.outputs.data(), config.width, config.norm_eps);
  ++tokens_;
}

void Transformer::logits(std::span<float> out) {
  model_.embed.multiply({best_kernels(), pool_, scratch_.quantized}, {scratch_.outputs.data(), scratch_.width}, 1,
                        {out.data(), out.size()});
}

void Transformer::rewind(int tokens) {
  if (tokens < 0 || tokens > tokens_)
    throw std::out_of_range("the Transformer has read " + std::to_string(tokens_) + " tokens, not " +
                            std::to_string(tokens));
  tokens_ = tokens;
  if (tokens > 0) return;
  for (Cache& cache : caches_) cache = {};
  capacity_ = 0;
}

std::int64_t Transformer::cache_bytes() const {
  std::size_t numbers = 0;
  for (const Cache& cache : caches_) numbers += cache.keys.size() + cache.values.size();
  return static_cast<std::int64_t>(numbers * sizeof(float));
}

std::int64_t Transformer::state_bytes() const { return capacity_ == 0 ? 0 : cache_bytes() / capacity_ * tokens_; }

}  // namespace catena::model
