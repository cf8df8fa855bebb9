// The mixers of docs/design.md over a run of tokens inside one chunk. Each reads scratch.h (the normed input) and its
// part of the state, and leaves what the layer's output matrix is applied to in scratch.mixed.
#pragma once

#include "model/runtime/linear.h"
#include "model/runtime/packed_model.h"

namespace catena::model {

/// Most tokens handled at once; longer input goes block by block.
inline constexpr int block_tokens = 128;

/// Working memory of one executor, for block_tokens tokens. Allocated once.
struct Scratch {
  Scratch(const ModelConfig& config, int threads, const Kernels& kernels);

  Rows x() { return {residual.data(), width}; }
  Rows h() { return {normed.data(), width}; }
  Rows projected() { return {wide.data(), wide_stride}; }
  Rows qkv() { return {convolved.data(), 3 * width}; }
  Rows mixed() { return {mixer_out.data(), width}; }
  float* thread_scores(int thread) { return scores.data() + static_cast<std::size_t>(thread) * max_chunk_length; }

  std::size_t width;
  std::size_t wide_stride;
  std::size_t gate_stride;  // heads, rounded up to whole vectors
  Buffer residual;          // x [tokens, d]
  Buffer normed;            // h [tokens, d]
  Buffer wide;              // a layer's first projection
  Buffer convolved;         // q, k, v behind the convolution [tokens, 3d]
  Buffer mixer_out;         // [tokens, d]
  Buffer gate_hidden;       // [tokens, G]
  Buffer importance;        // b [tokens, H]
  Buffer decay;             // a [tokens, H]
  Buffer ffn_hidden;        // [tokens, F]
  Buffer outputs;           // final outputs [tokens + 1, d]: the one before the block first
  Buffer logits;            // [score_rows, V]
  Buffer scores;            // attention weights, one row a thread
  QuantizedRows quantized;  // the input of one product
};

/// Rows of logits computed at once by Executor::score.
inline constexpr int score_rows = 16;

struct DeltaState {
  float* memory;  // S [H, D, D]
  float* tail;    // [taps-1, 3d]
};
void delta_mixer(const Compute& compute, const ModelConfig& config, const PackedLayer& layer, Scratch& scratch,
                 int tokens, float temperature, DeltaState state);

struct AttentionState {
  float* keys;    // [chunk_length, d]
  float* values;  // [chunk_length, d]
  int position;   // of the run's first token inside the chunk
  float* tail = nullptr;                                  // [local_taps-1, 3d], of a layer with a convolution
  enum class Sight { back, around } sight = Sight::back;  // around: every token of the run sees all of it
};
/// Every token's key and value enter the state; scratch.mixed is only filled from token `first` on.
void local_mixer(const Compute& compute, const PackedModel& model, const PackedLayer& layer, Scratch& scratch,
                 int tokens, int first, AttentionState state);

/// Behind delta_mixer() of the same run: what its layer's queries find among the keys and values that the local layer
/// below has kept of the chunk.
void shared_mixer(const Compute& compute, const PackedModel& model, Scratch& scratch, int tokens, int first,
                  AttentionState below);

struct VectorState {
  float* regression;   // r [d]
  float* last_result;  // [d]
};
/// h += r for every token.
void add_regression(Scratch& scratch, int tokens, VectorState state);
/// x += out(mixed) from token `first` on, remembering the last token's result.
void vector_output(const Compute& compute, const PackedLayer& layer, Scratch& scratch, int tokens, int first,
                   VectorState state);
/// At the end of chunk number `chunk`. share: ModelConfig::regression_share.
void regress(const Compute& compute, const PackedLayer& layer, float share, Scratch& scratch, std::int64_t chunk,
             VectorState state);

}  // namespace catena::model
