// Softmax attention of queries over keys: the one definition that the lab's attention modules share.
#pragma once

#include <torch/types.h>

#include <vector>

namespace catena::model::lab {

/// softmax(q k^T / sqrt(D)) v, q [..., n, D], k [..., m, D], v [..., m, E] -> [..., n, E]. mask: undefined, or bool
/// that broadcasts to [..., n, m], true where a query may look; a query that may look nowhere gets zeros. Cost: n m (D
/// + E) multiply-adds, and n m scores in memory. Source: Vaswani et al. 2017, "Attention Is All You Need".
torch::Tensor scaled_dot_product(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                 const torch::Tensor& mask = {});

/// The same where each of R queries looks at keys up to its own position: q [N, R, D], positions [R] int64 ascending, k
/// and v [N, T, D]. 64 queries at a time, over the keys up to the last of them: with R = T about T^2 D multiply-adds
/// for each n, half of the square, and 64 T scores in memory.
torch::Tensor causal_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                               const torch::Tensor& positions);

/// [B, T, parts * d] -> `parts` tensors [B, H, T, D]; and back: [B, H, T, D] -> [B, T, d].
std::vector<torch::Tensor> split_heads(const torch::Tensor& x, std::int64_t parts, std::int64_t heads);
torch::Tensor merge_heads(const torch::Tensor& x);

}  // namespace catena::model::lab
