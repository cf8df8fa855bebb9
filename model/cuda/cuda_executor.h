// The chained tracker on an NVIDIA GPU, without LibTorch, exactly as docs/design.md writes it.
#pragma once

#include "model/cuda/cuda_device.h"
#include "model/cuda/device_model.h"
#include "model/cuda/device_storage.h"
#include "model/executor.h"

namespace catena::model::cuda {

/// Allocates at construction, and where a chunk length changes; records its graphs at construction. Any split of the
/// input gives the same result to 2e-4 in numbers and logits (sums are taken in another order, and block_product splits
/// its inputs); the delta rule's own order never changes. Whatever the device answers is thrown as DeviceFailure
/// (model/runtime/device_failure.h), with the state's counters as they were; its numbers are lost with the device.
class CudaExecutor final : public Executor {
 public:
  /// Throws DeviceFailure with one line when there is no usable GPU or no room, std::runtime_error when the kernels
  /// cannot read the model.
  CudaExecutor(const std::shared_ptr<const Weights>& weights, const ExecutorOptions& options);

  const ModelConfig& config() const override { return model_->config; }
  const ExecutorOptions& options() const override { return options_; }
  ChainState initial_state(int chunk_length) const override;
  void read(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings) override;
  void end_chunk(ChainState& state) override;
  void logits(const ChainState& state, std::span<float> out) override;
  void score(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
             std::span<float> nll) override;

  /// Writes out.size() tokens and reads each into the state, without the host between two tokens. The state must have
  /// read a token. draw.drawn is ignored. Throws as read().
  void generate(ChainState& state, std::span<Token> out, const Draw& draw, const StreamSettings& settings);

 private:
  /// Scratch, in one block of device memory.
  struct Buffers {
    Place* place;
    Draw* draw;
    int* chosen;     // [chosen_room]
    float* x;        // residual [block_tokens, d]
    float* h;        // normed [block_tokens, d]
    float* hidden;   // [block_tokens, F]
    float* outputs;  // [block_tokens + 1, d]: the one before the block first
    float* logits;   // [score_rows, V]
    float* nll;      // [block_tokens]
    float* next;     // [vector layers, d]
    MixerScratch mixers;
  };
  /// A state under way: the counters and numbers that it has once everything queued is done.
  struct Reading {
    ChainState::Counters counters;
    float* numbers;
    std::unique_ptr<DeviceStorage> fresh;  // of the new layout, if the chunk length changes
    bool moved = false;                    // the numbers are in it
  };

  std::size_t lay_out(std::byte* memory);
  DeviceStorage& numbers(const ChainState& state) const;
  Reading start_reading(const ChainState& state, std::size_t tokens, const StreamSettings& settings) const;
  void begin_chunk(Reading& reading, const StreamSettings& settings);
  Place place_of(const Reading& reading, const StreamSettings& settings) const;
  /// What was queued is done: the state takes over.
  void finish_reading(ChainState& state, Reading& reading);
  void read_blocks(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings, float* nll);

  // What the graphs are made of.
  void queue_tokens(int tokens);
  void queue_layer(int tokens, int index);
  void queue_product(int tokens, const Matrix& matrix, const float* x, int stride, const ProductOutput& output);
  void queue_normed_product(int tokens, const Matrix& matrix, const float* norm, std::size_t regression,
                            const ProductOutput& output);
  void queue_boundary();
  void queue_scores();
  void queue_logits();

  ExecutorOptions options_;
  std::shared_ptr<const DeviceModel> model_;
  Stream stream_;
  Buffers buffers_{};
  DeviceMemory scratch_;
  PinnedFloats host_;  // logits, or likelihoods
  Graph step_, block_, scored_block_, boundary_, logits_, written_token_;
};

}  // namespace catena::model::cuda
