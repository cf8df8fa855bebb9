// Where a stream is and what it reads next, in device memory: all that changes from token to token. Kernels find it
// there, so that one recorded graph serves every token, every state and every chunk length.
#pragma once

namespace catena::model::cuda {

/// Most tokens read by one graph; longer input goes block by block.
inline constexpr int block_tokens = 128;
/// Widest head: a row of a head's memory is in the registers of a block's threads.
inline constexpr int widest_head = 128;
/// Keys that a token looks at, at most: max_chunk_length of model/config.h, which nvcc's C++17 cannot read.
inline constexpr int longest_chunk = 512;
/// Rows of logits computed at once when tokens are scored.
inline constexpr int score_rows = 16;

struct Place {
  float* numbers = nullptr;    ///< the state's block of floats (model/runtime/state_layout.h)
  int position = 0;            ///< tokens in the running chunk
  int count = 0;               ///< tokens to read
  int chunk_length = 0;        ///< room for keys and values
  int chunk_is_odd = 0;        ///< of the running chunk's number
  int carry = 1;               ///< 0: what chain layers carry is cleared at the boundary
  int ended = 0;               ///< the chunk is full, or was ended: the boundary's kernels have work
  float temperature = 0;       ///< of the importance gate, in this chunk
  float next_temperature = 0;  ///< in the chunks after it
  int tokens[block_tokens] = {};
};

}  // namespace catena::model::cuda
