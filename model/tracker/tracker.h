// The chained tracker as a differentiable function of whole segments: the training form.
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/tracker/attention.h"
#include "model/tracker/parameters.h"

namespace catena::model {

/// What B parallel streams carry from one segment to the next. One entry a layer.
struct SegmentState {
  struct Layer {
    /// Those that this layer uses; the streams are the first dimension, or with the heads inside them.
    std::vector<torch::Tensor*> tensors();

    torch::Tensor memory;     ///< S [B*H, D, D], or vector: r [B, d]; float32
    torch::Tensor tail;       ///< convolution tail [B, taps-1, 3d] float32
    torch::Tensor summaries;  ///< local layers with a pyramid: as empty_summaries()
    torch::Tensor cache;      ///< attention: keys and values of everything read [B, P, 2d]
  };
  std::vector<Layer> layers;
  std::int64_t chunks = 0;  ///< vector: chunks read so far

  /// Clears the streams whose flag is not set. keep: [B] float32, 0 clears. A cache of keys and values is dropped for
  /// all: a Transformer is trained on segments that know nothing of each other.
  void keep(const torch::Tensor& keep, std::int64_t heads);
  /// Clears the streams of which any number is not finite. batch: how many streams there are.
  void clear_damaged(std::int64_t batch);
  /// Cuts the state from the graph that made it.
  void detach();
};

/// The way back of the gradients.
struct WayBack {
  bool recompute = false;  ///< keep only the layers' inputs and compute the rest again: less memory, a third more time
  bool across_segments = false;  ///< the state keeps its graph from segment to segment, until it is detached
  bool across_chunks = true;     ///< false: no gradient reaches back through the chain over a chunk boundary
};

/// How much of each token enters the memory, per head: [N, H] float32 in (0, 1), or ones without a gate. h [N, d]: the
/// mixer's input; temperature 0: the model's own. `mixer`: the tensors' prefix.
torch::Tensor importance(const Parameters& parameters, const std::string& mixer, const torch::Tensor& h,
                         double temperature = 0);

class Tracker {
 public:
  /// dropout: share of each mixer's and feed-forward layer's results that is zeroed at random, in training.
  explicit Tracker(const Parameters& parameters, const WayBack& way_back = {}, double dropout = 0);

  SegmentState initial_state(std::int64_t batch) const;

  /// Reads a segment. tokens [B, T] int64; chunk: length of the attention chunks (T starts at a boundary).
  /// Returns the last outputs y [B*T, d] in the compute type, the input of head_loss(), and moves `state` past the
  /// segment.
  torch::Tensor forward(const torch::Tensor& tokens, std::int64_t chunk, SegmentState& state) const;

  /// The two halves of forward(): tokens [B, T] -> their embeddings [B*T, d] float32 -> y.
  torch::Tensor embed(const torch::Tensor& tokens) const;
  /// middle: gets what y would be if the depth ended in its middle.
  torch::Tensor forward_embedded(const torch::Tensor& embedded, std::int64_t batch, std::int64_t chunk,
                                 SegmentState& state, torch::Tensor* middle = nullptr) const;

  /// For models that read sound: frames [B, T, features] -> [B*T, d] float32, instead of embed(); y [B*T, d] -> logits
  /// of the symbols [B*T, V] float32.
  torch::Tensor embed_frames(const torch::Tensor& frames) const;
  torch::Tensor symbol_logits(const torch::Tensor& y) const;

 private:
  /// Layer `index` on x [B*T, d]; `state`: of a chain layer, moved past the segment.
  /// `below`: keys and values [B, T, 2d] of the local layer below, replaced by a local layer's own.
  torch::Tensor layer(int index, const torch::Tensor& x, std::int64_t batch, std::int64_t chunk,
                      SegmentState::Layer& state, std::int64_t first_chunk, torch::Tensor& below) const;
  /// `convolution` (short_convolution, added_convolution) of x [B, T, C] -> [B, T, C] float32; moves `tail` past it.
  using Convolution = torch::Tensor (*)(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& tail);
  torch::Tensor convolve(Convolution convolution, const torch::Tensor& x, const torch::Tensor& weight,
                         torch::Tensor& tail, std::int64_t chunk) const;
  Sight sight() const { return config_.reads_frames() ? Sight::around : Sight::back; }
  /// projected: queries, keys and values [B*T, 3d].
  torch::Tensor local_mixer(const std::string& prefix, const torch::Tensor& projected, std::int64_t batch,
                            std::int64_t chunk, SegmentState::Layer& state, torch::Tensor& below) const;
  torch::Tensor delta_mixer(const std::string& prefix, const torch::Tensor& h, std::int64_t batch, std::int64_t chunk,
                            SegmentState::Layer& state, const torch::Tensor& below) const;
  torch::Tensor vector_mixer(const std::string& prefix, const torch::Tensor& projected, std::int64_t batch,
                             std::int64_t chunk, SegmentState::Layer& state, std::int64_t first_chunk) const;

  const Parameters& parameters_;
  const ModelConfig& config_;
  Rotary rotary_;
  WayBack way_back_;
  double dropout_;
};

}  // namespace catena::model
