// Launchers of the chunk-parallel gated delta rule, forward and backward. No LibTorch and no CUDA header in here.
// Method: the WY form of Yang, Wang, Zhang, Shen, Kim 2024, "Parallelizing Linear Transformers with the Delta Rule over
// Sequence Length", with the decay of Yang, Kautz, Hatamizadeh 2024, "Gated Delta Networks"; the symbols are those of
// model/tracker/delta_rule.cpp. What only looks inside a block of tokens has a thread block for each of them; only the
// states are handed from block to block, S and its gradient in shared memory, 32 of its columns a thread block.
#pragma once

#include <cstdint>

#include "model/tracker/cuda/chunk_attention.h"  // most_streams

namespace catena::training_kernels {

/// Sizes: N heads of all streams, T tokens, D = width of keys and queries, V = width of values.
struct DeltaSizes {
  std::int64_t heads = 0, tokens = 0;
  int width = 0, value_width = 0;
  int block = 0;          ///< tokens that are read at once, at most delta_block(width)
  bool corrected = true;  ///< false: S <- a S + b k v^T, gated linear attention
  std::int64_t truncate =
      0;  ///< no gradient reaches back through the state over a multiple of so many tokens; 0: any. A multiple of block
  constexpr std::int64_t blocks() const { return (tokens + block - 1) / block; }
};

/// Widths 32, 64, 128 of keys, multiples of 32 of values.
bool delta_takes(int width, int value_width);
/// The longest block: 64 tokens, 32 at width 128.
int delta_block(int width);

/// Contiguous float32.
struct DeltaArrays {
  const float *q = nullptr, *k = nullptr, *v = nullptr;  ///< [N, T, D], [N, T, D], [N, T, V]
  const float *log_a = nullptr, *b = nullptr;            ///< [N, T]
};

/// out [N, T, V], final_state [N, D, V] from state [N, D, V]. states [N, blocks, D, V] is filled with the state before
/// each block: all that the way back needs beside the inputs. scratch_x [N, T, V], scratch_w [N, T, D] (not used where
/// `corrected` is false). `stream`: a cudaStream_t. Throws std::runtime_error with one line.
struct DeltaForward {
  const float* state = nullptr;
  float *out = nullptr, *final_state = nullptr, *states = nullptr, *scratch_x = nullptr, *scratch_w = nullptr;
};
void delta_rule_forward(const DeltaSizes& sizes, const DeltaArrays& in, const DeltaForward& forward, void* stream);

/// Gradients of the inputs and of the state before them, from those of `out` and of the final state. All are written.
/// Beside the scratch of the forward pass: scratch_dx [N, T, V], scratch_inverse [N, blocks, delta_block, delta_block]
/// (not used where `corrected` is false), scratch_states [N, blocks, D, V].
struct DeltaBackward {
  const float *states = nullptr, *d_out = nullptr, *d_final_state = nullptr;
  float *dq = nullptr, *dk = nullptr, *dv = nullptr, *d_log_a = nullptr, *db = nullptr, *d_state = nullptr;
  float *scratch_x = nullptr, *scratch_w = nullptr, *scratch_dx = nullptr, *scratch_inverse = nullptr,
        *scratch_states = nullptr;
};
void delta_rule_backward(const DeltaSizes& sizes, const DeltaArrays& in, const DeltaBackward& backward, void* stream);

}  // namespace catena::training_kernels
