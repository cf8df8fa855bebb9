// Frames of sound as the first layer's input, for the systems that stand beside a reader of speech. No LibTorch in here.
#pragma once

#include <span>

#include "model/runtime/linear.h"

namespace catena::model {
class Weights;
}

namespace catena::model::lab {

/// x = W frame + b with the reader's own W [d, features] and b [d], so that the numbers have the size they have there.
/// Not thread-safe.
class FrameEmbedding {
 public:
  /// Of a model that reads frames.
  FrameEmbedding(const Weights& weights, Precision precision);

  /// Of one frame [features]; [d], valid until the next call.
  std::span<float> operator()(std::span<const float> frame);

 private:
  ThreadPool pool_{1};
  Linear weight_;
  Buffer bias_, x_;
  QuantizedRows quantized_;
};

}  // namespace catena::model::lab
