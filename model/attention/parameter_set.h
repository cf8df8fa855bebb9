// The trainable tensors of a lab model, by name.
#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace catena::model::lab {

/// Leaves that collect gradients. Modules keep the tensors they add; converting or packing moves what those hold.
class ParameterSet {
 public:
  explicit ParameterSet(std::uint64_t seed);

  /// Normally distributed numbers of the given standard deviation, float32, drawn in the order of the calls.
  torch::Tensor add_normal(const std::string& name, const std::vector<std::int64_t>& shape, double deviation);
  torch::Tensor add(const std::string& name, const torch::Tensor& value);
  /// A projection [out, in] that keeps the variance of what it reads.
  torch::Tensor add_projection(const std::string& name, std::int64_t out, std::int64_t in);

  const std::vector<std::pair<std::string, torch::Tensor>>& all() const { return all_; }
  std::int64_t count() const;

  /// To another floating type, in place. Not after pack().
  void convert(torch::ScalarType type);

  /// Moves everything into one block of values and one of gradients, matrices first.
  struct Block {
    torch::Tensor values, gradients;  ///< [count]
    std::int64_t decayed = 0;         ///< the first so many values are matrices, subject to weight decay
  };
  Block pack();

 private:
  torch::Generator generator_;
  std::vector<std::pair<std::string, torch::Tensor>> all_;
};

}  // namespace catena::model::lab
