// The chained tracker on the CPU, exactly as docs/design.md writes it.
#pragma once

#include "model/executor.h"
#include "model/runtime/mixers.h"
#include "model/runtime/state_layout.h"

namespace catena::model {

class NativeExecutor final : public Executor {
 public:
  /// `kernels` other than best_kernels() are for tests.
  NativeExecutor(const std::shared_ptr<const Weights>& weights, const ExecutorOptions& options,
                 const Kernels& kernels = best_kernels());

  const ModelConfig& config() const override { return model_->config; }
  const ExecutorOptions& options() const override { return options_; }
  ChainState initial_state(int chunk_length) const override;
  void read(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings) override;
  void end_chunk(ChainState& state) override;
  void logits(const ChainState& state, std::span<float> out) override;
  void score(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
             std::span<float> nll) override;

 private:
  Compute compute() { return {kernels_, pool_, scratch_.quantized}; }
  float* numbers(ChainState& state) const;
  const float* numbers(const ChainState& state) const;

  /// Cuts the tokens into blocks that end at chunk boundaries and calls after(offset, count) behind each block,
  /// before its boundary.
  template <typename After>
  void read_blocks(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings, bool every_output,
                   const After& after);
  void begin_chunk(ChainState& state, const StreamSettings& settings);
  /// One block inside one chunk. Final outputs go to scratch.outputs, rows 1 to n (only the last unless every_output).
  void read_block(ChainState& state, std::span<const Token> tokens, bool every_output);
  /// Of tokens [first, last): x to h.
  void normalise(const Buffer& weight, int first, int last);
  void mix(const StateLayout& layout, float* numbers, int layer, const ChainState::Counters& at, int tokens, int first);
  void score_block(const ChainState::Counters& before, std::span<const Token> tokens, std::span<float> nll);

  std::shared_ptr<const PackedModel> model_;
  ExecutorOptions options_;
  const Kernels& kernels_;
  ThreadPool pool_;
  Scratch scratch_;
};

}  // namespace catena::model
