#include "model/attention/frame_embedding.h"

#include <algorithm>

#include "model/runtime/weights.h"

namespace catena::model::lab {

FrameEmbedding::FrameEmbedding(const Weights& weights, Precision precision)
    : quantized_(1, weights.config().features) {
  const std::vector<float> weight = weights.to_float("frames.weight"), bias = weights.to_float("frames.bias");
  weight_ = Linear(weights.config().features, std::span(&weight, 1), precision);
  bias_.assign(bias.begin(), bias.end());
  x_.resize(bias.size());
}

std::span<float> FrameEmbedding::operator()(std::span<const float> frame) {
  std::copy(bias_.begin(), bias_.end(), x_.begin());
  // The product only reads its input.
  weight_.multiply({best_kernels(), pool_, quantized_}, {const_cast<float*>(frame.data()), frame.size()}, 1,
                   {x_.data(), x_.size()}, true);
  return x_;
}

}  // namespace catena::model::lab
