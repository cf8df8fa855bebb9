// A small language model around any system.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "model/attention/lab_config.h"
#include "model/attention/mixer.h"
#include "model/tracker/linear.h"

namespace catena::model::lab {

/// x = embedding; layers of x += Mixer(norm(x)), x += SwiGLU(norm(x)); y = norm(x); logits = y embedding^T. RMS norms,
/// float32. Positions are the mixer's own matter.
class LabModel {
 public:
  /// Random weights from a seed. Throws std::runtime_error as make_system() does.
  LabModel(const LabConfig& config, std::uint64_t seed);

  const LabConfig& config() const { return config_; }
  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }
  /// [V, d], also of the head.
  MasterWeight embedding() const { return {embedding_, embedding_}; }

  /// Embedded sequences x [B, T, d] -> y [B * T, d]. recompute: keep only the blocks' inputs for the way back and
  /// compute the rest again (activation checkpointing: the same gradients with less memory, for a third more time).
  torch::Tensor forward(const torch::Tensor& x, bool recompute = false) const;
  /// tokens [B, T] int64 -> [B, T, d].
  torch::Tensor embed(const torch::Tensor& tokens) const;

  /// Streaming, where the system does. One state a layer.
  std::vector<MixerState> initial_state(std::int64_t batch) const;
  /// The next n tokens, x [B, n, d] -> y [B * n, d], without gradients.
  torch::Tensor step(const torch::Tensor& x, std::vector<MixerState>& state) const;
  bool streams() const { return blocks_.front().mixer->streams(); }

  /// Mixers of the layers, all of one kind.
  const Mixer& mixer(std::size_t layer) const { return *blocks_[layer].mixer; }

 private:
  struct Block {
    std::unique_ptr<Mixer> mixer;
    torch::Tensor norm1, norm2, ffn_in, ffn_out;
  };
  torch::Tensor normed(const torch::Tensor& x, const torch::Tensor& weight) const;
  torch::Tensor after_mixer(const Block& block, const torch::Tensor& x, const torch::Tensor& mixed) const;

  LabConfig config_;
  ParameterSet parameters_;
  torch::Tensor embedding_, norm_;
  std::vector<Block> blocks_;
};

}  // namespace catena::model::lab
