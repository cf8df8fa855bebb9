// A weight matrix packed for the kernels, and its products.
#pragma once

#include <span>
#include <vector>

#include "model/config.h"
#include "model/runtime/kernels/kernels.h"
#include "model/runtime/memory.h"
#include "model/runtime/thread_pool.h"

namespace catena::model {

/// What every part of the executor computes with.
struct Compute {
  const Kernels& kernels;
  ThreadPool& pool;
};

/// Rows of floats: `data` is the first token's, `stride` floats lie between tokens.
struct Rows {
  float* data = nullptr;
  std::size_t stride = 0;
  float* row(int token) const { return data + static_cast<std::size_t>(token) * stride; }
};

class Linear {
 public:
  Linear() = default;
  /// Stacks matrices of [outputs, inputs] each, row-major, on top of each other.
  Linear(int inputs, std::span<const std::vector<float>> matrices, Precision precision);

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }

  /// y[t] = W x[t], or y[t] += W x[t], for `tokens` rows. Does not allocate. The result for a token depends on nothing
  /// but that token.
  void multiply(const Compute& compute, Rows x, int tokens, Rows y, bool add = false) const;

  /// Copies the weights of one output: `out` has inputs() floats.
  void row(int output, float* out) const;

 private:
  int inputs_ = 0;
  int outputs_ = 0;
  CountedVector<float> floats_;  // one of these holds [panels][inputs][panel_lanes]
  CountedVector<std::uint16_t> halves_;
};

}  // namespace catena::model
