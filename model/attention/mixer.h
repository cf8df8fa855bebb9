// The interface of the attention lab: every system is a sequence mixer that can stand in a block.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "model/attention/parameter_set.h"
#include "model/attention/system_config.h"

namespace catena::model::lab {

/// Multiply-adds of the matrix products for one sequence, by formula.
struct Cost {
  double projections = 0;  ///< from and to the width d: grows with T d^2
  double mixing = 0;       ///< between tokens, or with the memory
  double total() const { return projections + mixing; }
};

/// What B streams carry from one token to the next. A value: copies do not share memory once one of them moves on.
struct MixerState {
  std::vector<torch::Tensor> tensors;
  std::int64_t tokens = 0;  ///< read so far

  /// Of all tensors; of one stream when B is 1.
  std::int64_t bytes() const;
};

/// Weights are const and shared; state lives with the caller. Computes in the type of its parameters (float32,
/// bfloat16, float64 for checks); regression memories and summaries are float32 or wider.
class Mixer {
 public:
  explicit Mixer(SystemConfig config) : config_(std::move(config)) {}
  virtual ~Mixer() = default;
  Mixer(const Mixer&) = delete;
  Mixer& operator=(const Mixer&) = delete;
  const SystemConfig& config() const { return config_; }

  /// Whole sequences from their beginning: x [B, T, d] -> [B, T, d], differentiable. Throws std::invalid_argument with
  /// one line when x has another shape or type, is longer than max_length, or holds a number that is not finite.
  torch::Tensor forward(const torch::Tensor& x) const;
  virtual Cost cost(std::int64_t length) const = 0;

  /// Whether the system reads token by token, with the same results as forward().
  virtual bool streams() const { return false; }
  virtual MixerState initial_state(std::int64_t batch) const;
  /// The next n tokens: x [B, n, d] -> [B, n, d], without gradients; moves `state` past them. Errors as in forward(),
  /// and std::invalid_argument when the system does not stream.
  torch::Tensor step(const torch::Tensor& x, MixerState& state) const;
  /// Bytes of one stream's state after `length` tokens, by formula; of a system that does not stream, what its tokens'
  /// keys and values would take.
  virtual std::int64_t state_bytes(std::int64_t length) const;

 protected:
  /// Of the parameters, and so of the input.
  virtual torch::ScalarType type() const = 0;
  virtual torch::Tensor mix(const torch::Tensor& x) const = 0;
  /// One token: x [B, d] -> [B, d].
  virtual torch::Tensor mix_next(const torch::Tensor& x, MixerState& state) const;

 private:
  void check(const torch::Tensor& x) const;

  SystemConfig config_;
};

}  // namespace catena::model::lab
