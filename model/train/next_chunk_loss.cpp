#include "model/train/next_chunk_loss.h"

namespace catena::model {

using torch::Tensor;

Tensor next_chunk_loss(const Tensor& y, const MasterWeight& embedding, const Tensor& tokens, std::int64_t chunk) {
  const std::int64_t b = tokens.size(0), chunks = tokens.size(1) / chunk;
  if (chunks < 2) return torch::zeros({}, y.options().dtype(torch::kFloat));
  const Tensor last =
      y.view({b, chunks, chunk, -1}).select(2, chunk - 1).slice(1, 0, chunks - 1).reshape({b * (chunks - 1), -1});
  const Tensor next = tokens.reshape({b, chunks, chunk}).slice(1, 1).reshape({b * (chunks - 1), chunk});
  return -torch::log_softmax(linear(last, embedding).to(torch::kFloat), 1).gather(1, next).mean();
}

}  // namespace catena::model
