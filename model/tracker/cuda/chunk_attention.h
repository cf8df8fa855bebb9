// Launchers of fused softmax attention inside chunks, forward and backward. No LibTorch and no CUDA header in here.
// Method: Dao et al. 2022, "FlashAttention" (online softmax, nothing kept but each row's log-sum-exp); the loops as in
// Dao 2023, "FlashAttention-2". Gradients of queries and of keys are two passes, so that no sum depends on the order of
// blocks.
#pragma once

#include <cstdint>

namespace catena::training_kernels {

enum class ElementType { float32, bfloat16 };

/// Streams, or heads of all streams, that one launch can have.
inline constexpr std::int64_t most_streams = 65535;

/// Vectors [B, T, H, D] somewhere in memory: D elements are contiguous, the rest lies so many elements apart.
struct HeadVectors {
  void* data = nullptr;
  std::int64_t batch_stride = 0, token_stride = 0, head_stride = 0;
};

/// What all passes need to know. Chunks of `chunk` tokens are counted from the first one; the last may be shorter.
struct ChunkAttention {
  ElementType type = ElementType::float32;
  std::int64_t batch = 0, tokens = 0, heads = 0, chunk = 0;
  int head_width = 0;   ///< D; attention_takes() says which
  bool causal = true;   ///< false: each token looks at its whole chunk
  HeadVectors q, k, v;  ///< read
  const float *cosines = nullptr,
              *sines = nullptr;  ///< [chunk, D / 2]: q and k are rotated by the position inside the chunk; null: not
  float* log_sum_exp = nullptr;  ///< [B, H, T], written by the forward pass, read by the backward one
};

/// 32, 64 and 128.
bool attention_takes(int head_width);

/// out = softmax(q k^T / sqrt(D)) v; sums are 32-bit. `stream`: a cudaStream_t. Throws std::runtime_error with one
/// line.
void chunk_attention_forward(const ChunkAttention& attention, const HeadVectors& out, void* stream);

/// `out` and the gradient of it -> the gradients of q, k and v (before the rotation), all of which are written.
struct AttentionGradients {
  HeadVectors out, d_out, dq, dk, dv;
  float* scratch = nullptr;  ///< [B, H, T]
};
void chunk_attention_backward(const ChunkAttention& attention, const AttentionGradients& gradients, void* stream);

}  // namespace catena::training_kernels
