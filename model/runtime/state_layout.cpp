#include "model/runtime/state_layout.h"

#include <algorithm>
#include <stdexcept>

namespace catena::model {

StateLayout::StateLayout(const ModelConfig& config, int chunk_length) {
  const auto size = [](int value) { return static_cast<std::size_t>(value); };
  const std::size_t chain_layers = size((config.layers + 1) / 2);
  memory_layers_ = config.has_memory();
  width_ = size(config.width);
  memory_ = memory_layers_ ? width_ * size(config.head_width()) : 0;
  chain_ = 0;
  if (memory_layers_) chain_ = memory_ + size(config.conv_taps - 1) * 3 * width_;
  if (config.carry == Carry::vector) chain_ = 2 * width_;
  all_local_ = config.carry == Carry::none;
  local_ = width_ + chain_layers * chain_;
  local_tail_ = config.local_taps == 0 ? 0 : size(config.local_taps - 1) * 3 * width_;
  running_ = local_ + size(all_local_ ? config.layers : config.layers / 2) * local_tail_;
  attention_layers_ = memory_layers_ ? size(config.layers / 2) : size(config.layers);
  rows_ = size(chunk_length) * width_;
}

void HostStorage::copy_from(const StateStorage& other) {
  const auto& source = dynamic_cast<const HostStorage&>(other);
  if (source.floats() != floats()) throw std::invalid_argument("chain states of different layouts");
  std::copy(source.numbers_.begin(), source.numbers_.end(), numbers_.begin());
}

void HostStorage::to_host(std::span<float> out) const {
  if (out.size() != floats()) throw std::invalid_argument("chain state: the buffer has another size");
  std::copy(numbers_.begin(), numbers_.end(), out.begin());
}

void HostStorage::from_host(std::span<const float> in) {
  if (in.size() != floats()) throw std::invalid_argument("chain state: the buffer has another size");
  std::copy(in.begin(), in.end(), numbers_.begin());
}

}  // namespace catena::model
