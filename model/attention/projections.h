// One projection makes queries, keys and values of all heads; another takes the merged heads back.
#pragma once

#include <torch/types.h>

#include <string>

#include "model/attention/parameter_set.h"

namespace catena::model::lab {

class Projections {
 public:
  Projections(ParameterSet& parameters, const std::string& prefix, std::int64_t width)
      : in_(parameters.add_projection(prefix + "in.weight", 3 * width, width)),
        out_(parameters.add_projection(prefix + "out.weight", width, width)),
        width_(width) {}

  /// x [..., d] -> q, k, v side by side [..., 3d]: 3 d^2 multiply-adds a token.
  torch::Tensor qkv(const torch::Tensor& x) const { return x.matmul(in_.t()); }
  /// Merged heads [..., d] -> [..., d]: d^2 multiply-adds a token.
  torch::Tensor result(const torch::Tensor& heads) const { return heads.matmul(out_.t()); }

  const torch::Tensor& in() const { return in_; }
  const torch::Tensor& out() const { return out_; }
  double cost(std::int64_t tokens) const {
    return 4.0 * static_cast<double>(width_) * static_cast<double>(width_) * static_cast<double>(tokens);
  }

 private:
  torch::Tensor in_, out_;
  std::int64_t width_;
};

}  // namespace catena::model::lab
