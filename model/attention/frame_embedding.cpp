#include "model/attention/frame_embedding.h"

#include <algorithm>

namespace catena::model::lab {

FrameEmbedding::FrameEmbedding(const std::shared_ptr<const Weights>& weights, Precision precision)
    : reader_(PackedModel::get(weights, precision)),
      x_(reader_->frames_bias.size()),
      quantized_(1, reader_->config.features) {}

std::span<float> FrameEmbedding::operator()(std::span<const float> frame) {
  std::copy(reader_->frames_bias.begin(), reader_->frames_bias.end(), x_.begin());
  // The product only reads its input.
  reader_->frames.multiply({best_kernels(), pool_, quantized_}, {const_cast<float*>(frame.data()), frame.size()}, 1,
                           {x_.data(), x_.size()}, true);
  return x_;
}

}  // namespace catena::model::lab
