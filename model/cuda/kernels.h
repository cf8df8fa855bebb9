// What the device computes, one function a launch. Each only queues its work on the stream, and throws DeviceFailure
// where that fails. `tokens` is how many the launch has room for: 1, or block_tokens; how many are read says the place.
// Rows of activations are float32, [tokens, width]. docs/design.md, "The chained tracker, exactly", has the equations.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "model/cuda/matrix.h"
#include "model/cuda/place.h"

namespace catena::model::cuda {

inline constexpr std::size_t no_offset = static_cast<std::size_t>(-1);

// ---- rows.cu

/// Writes a place to device memory. The place travels as the kernel's argument: no buffer has to outlive the call.
void set_place(cudaStream_t stream, const Place& value, Place* place);

/// x = embedding of place->tokens; outputs[0] = the last output before them. Begins the next chunk where one ended.
void begin_tokens(cudaStream_t stream, int tokens, const Matrix& embed, float* x, float* outputs, Place* place);

/// h = rms(x) * weight, and + r where `regression` says where r lies in the state.
void normalise(cudaStream_t stream, int tokens, const float* x, const float* weight, float eps, int width, float* h,
               std::size_t regression, const Place* place);

/// outputs[1...] = rms(x) * weight; the last one enters the state; the position moves on.
void finish_tokens(cudaStream_t stream, int tokens, const float* x, const float* weight, float eps, int width,
                   float* outputs, Place* place);

// ---- step_products.cu, block_products.cu

/// What is done with a product's result y.
enum class Result {
  store,   ///< out = y
  add,     ///< out += y
  keep,    ///< out += y, and the last token's y enters the state
  swiglu,  ///< out = silu(first half of y) * second half
};
struct ProductOutput {
  Result result = Result::store;
  float* out = nullptr;
  int stride = 0;                ///< floats from token to token
  std::size_t kept = no_offset;  ///< Result::keep: where in the state
};

/// What one token's product is applied to.
struct StepInput {
  const float* x = nullptr;     ///< or, if null, the state's last output
  const float* norm = nullptr;  ///< not null: rms(x) * norm is multiplied, not x
  float eps = 0;
  std::size_t regression = no_offset;  ///< r is added behind the norm
};
/// Of one token: a warp takes two rows of the matrix, 16 bytes a lane.
void step_product(cudaStream_t stream, const Matrix& matrix, const StepInput& input, const ProductOutput& output,
                  const Place* place);

/// Which of the tokens that place->count says a product works on. The first one's result is the output's first row.
struct BlockRows {
  int first = 0;
  int most = block_tokens;
};
/// Of up to block_tokens tokens, x [tokens, stride], in tiles. 16- and 8-bit weights go through the tensor cores
/// (bfloat16, sums in float32), each input as the sum of two bfloat16 so that next to nothing of it is lost; float32
/// weights go through the ordinary units, in full float32 (no TF32).
void block_product(cudaStream_t stream, const Matrix& matrix, const float* x, int stride, BlockRows rows,
                   const ProductOutput& output, const Place* place);

// ---- delta.cu, attention.cu

/// The short causal convolution over q, k, v in front of a mixer.
struct Convolution {
  const float* weights = nullptr;  ///< [taps, 3d]; null: there is none
  int taps = 0;
  std::size_t tail = no_offset;  ///< in the state: [taps - 1, 3d]
  bool added = false;            ///< to its input; else silu of the sum takes the input's place
};

struct DeltaMixer {
  Convolution convolution;
  const float* importance = nullptr;  ///< [H, G]; null: every token is written in full
  const float* importance_bias = nullptr;
  const float* decay_bias = nullptr;
  const float* decay_rate = nullptr;
  const float* out_norm = nullptr;  ///< [D]
  int width = 0, heads = 0, head_width = 0, gate_hidden = 0;
  float eps = 0;
  float corrected = 1;     ///< 1: the delta rule; 0: carry = linear
  std::size_t memory = 0;  ///< in the state: S [H, D, D]
};
/// Working memory of the mixers.
struct MixerScratch {
  float* projected =
      nullptr;  ///< [tokens, projected_stride]: q, k, v (and g, importance, decay), as the product left it
  int projected_stride = 0;
  float* qkv = nullptr;    ///< [tokens, 3d]
  float* gates = nullptr;  ///< [tokens, 2, H]: decay, importance
  float* mixed = nullptr;  ///< [tokens, d]: what the layer's output matrix is applied to
};
/// A token: one launch, a block a head. Several: what stands before and after the recurrence in parallel, the
/// recurrence with S of a head in a block's registers.
void delta_mixer(cudaStream_t stream, int tokens, const DeltaMixer& mixer, const MixerScratch& scratch,
                 const Place* place);

struct LocalMixer {
  Convolution convolution;
  const float* cosine = nullptr;  ///< [max_chunk_length, D / 2]
  const float* sine = nullptr;
  int width = 0, heads = 0, head_width = 0;
  std::size_t running = 0;  ///< in the state: where the running chunk's keys and values begin
  int index = 0;            ///< among the layers that have keys and values
};
void local_mixer(cudaStream_t stream, int tokens, const LocalMixer& mixer, const MixerScratch& scratch,
                 const Place* place);

/// Behind delta_mixer(): the layer's queries, d numbers of scratch.projected from column `query` on, over the keys and
/// values that the local layer below has kept. Its convolution is not asked for.
void shared_mixer(cudaStream_t stream, int tokens, const LocalMixer& below, int query, const MixerScratch& scratch,
                  const Place* place);

// ---- boundary.cu

/// A vector layer's way from its last result to the next r.
struct Regression {
  Matrix matrix;  ///< [d, d]
  const float* bias = nullptr;
  const float* norm_weight = nullptr;
  const float* norm_bias = nullptr;
  std::size_t regression = 0;   ///< in the state: r [d]
  std::size_t last_result = 0;  ///< in the state: [d]
};
/// `layers` (in device memory) are of one width and kind of number; next [layers, width] is scratch. Nothing happens
/// unless place->ended.
void regress(cudaStream_t stream, const Regression* layers, int count, Number number, int width, float share,
             float* next, const Place* place);
/// Clears what does not outlive a chunk, and what is carried if the carry is off. Nothing happens unless place->ended.
struct StateShape {
  int width = 0;
  std::size_t chain_begin = 0;  ///< what chain layers carry: [chain_begin, running)
  std::size_t running = 0;
  int attention_layers = 0;
};
void clear_chunk(cudaStream_t stream, const StateShape& shape, const Place* place);

// ---- sampling.cu

/// nll[first + i] = ln sum exp(logits[i]) - logits[i][token], of score_rows rows.
void score(cudaStream_t stream, const float* logits, int vocab, int first, float* nll, const Place* place);

/// How the next token is chosen (model/text/sampling.h): temperature 0: the likeliest, the first of equals; else drawn
/// among the likeliest that hold the probability top_p together.
struct Draw {
  float temperature = 0;
  float top_p = 1;
  std::uint64_t seed = 1;
  int drawn = 0;  ///< so far: counts up on the device
};
void set_draw(cudaStream_t stream, const Draw& value, Draw* draw);
/// The chosen token becomes place->tokens[0] and chosen[draw->drawn]. The draw is exact for the distribution (Gumbel's
/// maximum over a counter-based generator), but other than the CPU's for the same seed.
void choose_token(cudaStream_t stream, const float* logits, int vocab, Draw* draw, int* chosen, Place* place);

}  // namespace catena::model::cuda
