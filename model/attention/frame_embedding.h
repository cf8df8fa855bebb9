// Frames of sound as the first layer's input, for the systems that stand beside a reader of speech. No LibTorch in
// here.
#pragma once

#include <memory>
#include <span>

#include "model/runtime/packed_model.h"

namespace catena::model::lab {

/// x = W frame + b with the reader's own W [d, features] and b [d], so that the numbers have the size they have there.
/// Not thread-safe.
class FrameEmbedding {
 public:
  /// Of a model that reads frames.
  FrameEmbedding(const std::shared_ptr<const Weights>& weights, Precision precision);

  /// Of one frame [features]; [d], valid until the next call.
  std::span<float> operator()(std::span<const float> frame);

 private:
  std::shared_ptr<const PackedModel> reader_;  // shared with the reader itself
  ThreadPool pool_{1};
  Buffer x_;
  QuantizedRows quantized_;
};

}  // namespace catena::model::lab
