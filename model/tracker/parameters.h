// The trainable weights of a tracker: float32 masters in one block, their gradients in another, a compute copy in a
// third.
#pragma once

#include <torch/types.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "model/config.h"
#include "model/tracker/linear.h"

namespace catena::model {

/// Matrices of the same shape that lie one behind the other in the block of weights, [groups, rows, columns]: the parts
/// of a stacked projection (q, k, v...) are matrices of their own.
struct HiddenMatrix {
  std::int64_t offset = 0;  ///< in values
  std::int64_t groups = 1, rows = 0, columns = 0;
  std::int64_t count() const { return groups * rows * columns; }
};

/// One block each makes clipping, the optimiser step and the exchange of gradients between processes single operations.
class Parameters {
 public:
  /// Zero-filled; fill with initialise() or load().
  Parameters(const ModelConfig& config, torch::Device device, torch::ScalarType compute_type);

  /// Random weights from a seed; the same on every device.
  void initialise(std::uint64_t seed);
  /// From and to a model folder's tensors (float32 in, float32 or bfloat16 out).
  void load(const std::filesystem::path& safetensors);
  void save(const std::filesystem::path& safetensors, bool as_bfloat16) const;

  const MasterWeight& operator[](const std::string& name) const;
  const torch::Tensor& master(const std::string& name) const { return (*this)[name].master; }

  /// Brings the compute copies up to date with the masters; after every optimiser step.
  void refresh_compute();

  torch::Tensor& values() { return values_; }        ///< [count] float32
  const torch::Tensor& values() const { return values_; }
  torch::Tensor& gradients() { return gradients_; }  ///< [count] float32
  std::int64_t decayed() const { return decayed_; }  ///< the first so many values are matrices subject to weight decay
  /// The projections between hidden layers; they lie at the beginning of values(), without gaps.
  const std::vector<HiddenMatrix>& hidden_matrices() const { return hidden_; }
  const ModelConfig& config() const { return config_; }
  torch::ScalarType compute_type() const { return compute_type_; }
  torch::Device device() const { return values_.device(); }

 private:
  ModelConfig config_;
  torch::ScalarType compute_type_;
  std::vector<TensorSpec> specs_;
  torch::Tensor values_, gradients_, compute_;
  std::int64_t decayed_ = 0;
  std::vector<HiddenMatrix> hidden_;
  std::unordered_map<std::string, MasterWeight> by_name_;
};

}  // namespace catena::model
