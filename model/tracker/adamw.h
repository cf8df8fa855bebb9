// AdamW (Loshchilov and Hutter 2019) over one block of parameters.
#pragma once

#include <torch/types.h>

namespace catena::model {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weight_decay = 0.1;
};

class AdamW {
 public:
  AdamW(const torch::Tensor& values, AdamWOptions options);

  /// One step on values [count] with gradients [count]; weight decay on the first `decayed` values only.
  void step(torch::Tensor& values, const torch::Tensor& gradients, std::int64_t decayed, double learning_rate);

  torch::Tensor& first_moment() { return m_; }
  torch::Tensor& second_moment() { return v_; }
  std::int64_t& steps() { return steps_; }

 private:
  AdamWOptions options_;
  torch::Tensor m_, v_;
  std::int64_t steps_ = 0;
};

/// Scales gradients to a Euclidean norm of at most `limit`; returns the norm before.
double clip_gradients(torch::Tensor& gradients, double limit);

}  // namespace catena::model
