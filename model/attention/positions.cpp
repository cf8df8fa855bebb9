#include "model/attention/positions.h"

namespace catena::model::lab {

using torch::Tensor;

Tensor sinusoidal_positions(std::int64_t count, std::int64_t width, std::int64_t first) {
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  const Tensor j = torch::arange((width + 1) / 2, options);
  const Tensor frequency = torch::pow(10000.0, j * (-2.0 / static_cast<double>(width)));
  const Tensor angle = torch::arange(first, first + count, options).unsqueeze(1) * frequency.unsqueeze(0);
  const Tensor pairs = torch::stack({angle.sin(), angle.cos()}, 2).flatten(1);
  return pairs.slice(1, 0, width).to(torch::kFloat);
}

Rotary rotary_at(const Rotary& rotary, std::int64_t first, std::int64_t count) {
  return {rotary.cos.slice(0, first, first + count), rotary.sin.slice(0, first, first + count)};
}

}  // namespace catena::model::lab
