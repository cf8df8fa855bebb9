#include "model/attention/chunk_window.h"

#include <cmath>
#include <limits>

#include "model/attention/positions.h"

namespace catena::model::lab {

using torch::Tensor;

Tensor empty_window(std::int64_t batch, std::int64_t chunk, std::int64_t width, torch::ScalarType type) {
  return torch::zeros({batch, chunk, 2 * width}, type);
}

Tensor attend_in_window(const Tensor& qkv, std::int64_t heads, std::int64_t position, const Rotary& rotary,
                        Tensor& window, const Tensor& summaries) {
  const std::int64_t b = qkv.size(0), d = qkv.size(1) / 3, width = d / heads;
  const auto by_head = [&](const Tensor& x) { return x.view({b, -1, heads, width}).transpose(1, 2); };  // [B, H, n, D]
  const Rotary here = rotary_at(rotary, position, 1);
  const double scale = 1 / std::sqrt(static_cast<double>(width));
  const Tensor q = by_head(qkv.slice(1, 0, d)) * scale;
  const Tensor k = rotate(by_head(qkv.slice(1, d, 2 * d)), here);

  if (position == 0) window = torch::zeros_like(window);  // a copy of the state keeps its own
  Tensor moved = window.clone();
  moved.select(1, position).copy_(torch::cat({k.transpose(1, 2).reshape({b, d}), qkv.slice(1, 2 * d)}, 1));
  window = moved;
  const Tensor seen = window.slice(1, 0, position + 1);
  Tensor scores = rotate(q, here).matmul(by_head(seen.slice(2, 0, d)).transpose(2, 3));
  Tensor values = by_head(seen.slice(2, d));
  if (summaries.defined()) {
    const Tensor far = summaries.to(qkv.scalar_type());
    const Tensor missing = (far.select(2, 2 * d) == 0).view({b, 1, 1, -1});
    const Tensor far_scores = q.matmul(by_head(far.slice(2, 0, d)).transpose(2, 3));
    scores = torch::cat({far_scores.masked_fill(missing, -std::numeric_limits<double>::infinity()), scores}, 3);
    values = torch::cat({by_head(far.slice(2, d, 2 * d)), values}, 2);
  }
  return torch::softmax(scores, -1).matmul(values).reshape({b, d});
}

double chunk_attention_cost(std::int64_t length, std::int64_t chunk, std::int64_t width) {
  const auto c = static_cast<double>(chunk), rest = static_cast<double>(length % chunk);
  return 2 * static_cast<double>(width) * (static_cast<double>(length / chunk) * c * c + rest * rest);
}

}  // namespace catena::model::lab
