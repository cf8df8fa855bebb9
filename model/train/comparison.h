// What models are compared by, in their training form, so that every kind can be: likelihood by position, recall by
// distance, how far gradients reach along the chain, and what a training step costs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "model/config.h"
#include "model/text/token_file.h"
#include "model/train/evaluation.h"

namespace catena::model {

/// Weights of a model folder, ready to be read with (float32, CPU). Throws std::runtime_error with one line.
class LoadedModel {
 public:
  explicit LoadedModel(const std::filesystem::path& folder);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;
  const ModelConfig& config() const { return config_; }

  struct Tensors;  ///< keeps LibTorch out of here
  const Tensors& tensors() const { return *tensors_; }

 private:
  ModelConfig config_;
  std::unique_ptr<const Tensors> tensors_;
};

/// Reads `streams` parts of the file, evenly apart, side by side from a cleared state, `length` tokens of each.
Evaluation score_by_position(const LoadedModel& model, const TokenFile& file, std::int64_t streams,
                             std::int64_t length);

/// A name and its value (tokens drawn at random) stand somewhere in a text; `distance` tokens later the name comes
/// again.
struct RecallPoint {
  std::int64_t distance = 0;
  double unseen_nll = 0;    ///< nats a token of the value, the first time
  double recalled_nll = 0;  ///< the second time
  double recalled = 0;      ///< share of the value's tokens that then have more than half of the probability
};

/// `pairs` of them a distance, in one stream of the file's tokens. Deterministic for a seed.
std::vector<RecallPoint> recall_by_distance(const LoadedModel& model, const TokenFile& file,
                                            std::span<const std::int64_t> distances, int pairs, std::uint64_t seed);

/// Norm of the gradient of the last chunk's loss with respect to the embedded tokens of the chunk so many chunks
/// before, relative to that of the last chunk itself; [0] is 1. Averaged over `segments` segments of `chunks` chunks.
/// With cleared states.
std::vector<double> gradient_by_distance(const LoadedModel& model, const TokenFile& file, std::int64_t chunk,
                                         std::int64_t chunks, int segments);

struct TrainingCost {
  double tokens_per_s = 0;       ///< median over the steps: forward, backward
  std::size_t peak_bytes = 0;  ///< of tensors beyond weights and gradients
};

}  // namespace catena::model
