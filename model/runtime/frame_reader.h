// A chained tracker that reads frames of sound, on the CPU: a chunk in, the symbols' logits of each of its frames out.
#pragma once

#include <memory>
#include <span>

#include "model/executor.h"
#include "model/runtime/mixers.h"
#include "model/runtime/state_layout.h"

namespace catena::model {

/// All that is carried from chunk to chunk: S and convolution tails of the chain layers, or r. Its size is a constant
/// of the model.
class FrameState {
 public:
  explicit FrameState(const ModelConfig& config);

  std::size_t bytes() const { return numbers_.size() * sizeof(float); }
  std::int64_t frames() const { return frames_; }
  std::int64_t chunks() const { return chunks_; }
  std::span<const float> numbers() const { return numbers_; }

 private:
  friend class FrameReader;
  Buffer numbers_;
  std::int64_t frames_ = 0, chunks_ = 0;
};

/// Not thread-safe; weights are shared, state lives with the caller. After construction nothing is allocated.
class FrameReader {
 public:
  /// Throws std::runtime_error with one line when the weights read tokens.
  FrameReader(const std::shared_ptr<const Weights>& weights, const ExecutorOptions& options,
              const Kernels& kernels = best_kernels());

  const ModelConfig& config() const { return model_->config; }

  /// Reads one whole chunk: frames [n, features], n from 1 to block_tokens; inside it every frame is seen by every
  /// other. Writes logits [n, V]. carry false: the state is cleared behind the chunk. gate_temperature 0: the model's
  /// own. Cost: n times the weights' products, 2 n^2 d a local layer.
  void read_chunk(FrameState& state, std::span<const float> frames, std::span<float> logits, bool carry = true,
                  float gate_temperature = 0);

 private:
  Compute compute() { return {kernels_, pool_, scratch_.quantized}; }
  void look_around(const PackedLayer& layer, int count);

  std::shared_ptr<const PackedModel> model_;
  const Kernels& kernels_;
  ThreadPool pool_;
  Scratch scratch_;
  Buffer keys_, values_;  // of the chunk being read, one layer's at a time
};

}  // namespace catena::model
