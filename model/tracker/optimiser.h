// The rules by which training moves the weights: AdamW (Loshchilov and Hutter 2019) for everything, or Muon (Jordan
// 2024) for the hidden matrices and AdamW for the rest.
#pragma once

#include <torch/types.h>

#include <optional>

#include "model/tracker/optimiser_kind.h"
#include "model/tracker/parameter_ranges.h"
#include "model/tracker/parameters.h"

namespace catena::model {

struct OptimiserOptions {
  OptimiserKind kind = OptimiserKind::adamw;
  double beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weight_decay = 0.1;
  double momentum = 0.95;  ///< of Muon
};

/// An orthogonal matrix near each x [G, m, n] (float32): five Newton-Schulz steps towards U V^T of x = U S V^T. The
/// quintic of Jordan 2024 leaves the singular values between 0.7 and 1.2, which training does not notice. Products in
/// `type`: bfloat16 is as good (Jordan 2024) and several times faster where the processor multiplies it.
torch::Tensor orthogonalise(const torch::Tensor& x, torch::ScalarType type = torch::kFloat);

class Optimiser {
 public:
  /// range: the weights that this one keeps state of and moves, as split_parameters() cuts them; none: all.
  Optimiser(const Parameters& parameters, const OptimiserOptions& options, std::optional<ParameterRange> range = {});

  /// One step with the gradients that `parameters` hold.
  ///
  /// A Muon step is the orthogonalised momentum scaled by 0.2 sqrt(max(m, n)) (Liu et al. 2025, "Muon is scalable for
  /// LLM training"): as long as an AdamW step usually is, so that one learning rate and one weight decay serve both.
  void step(Parameters& parameters, double learning_rate);

  torch::Tensor& first_moment() { return m_; }   ///< [range.count()] float32; for Muon's matrices the momentum
  torch::Tensor& second_moment() { return v_; }  ///< [range.count()] float32; unused at Muon's matrices
  const ParameterRange& range() const { return range_; }
  std::int64_t state_bytes() const { return static_cast<std::int64_t>(m_.nbytes() + v_.nbytes()); }
  std::int64_t& steps() { return steps_; }

 private:
  void adamw(Parameters& parameters, double learning_rate);
  void muon(Parameters& parameters, const HiddenMatrix& matrix, double learning_rate);

  OptimiserOptions options_;
  ParameterRange range_;
  torch::Tensor m_, v_;
  std::int64_t steps_ = 0;
};

/// Scales gradients to a Euclidean norm of at most `limit`; returns the norm before.
double clip_gradients(torch::Tensor& gradients, double limit);

}  // namespace catena::model
