// Paired attentive regression, the plain vector chain: SYSTEMS C1 (inside a chunk), C2 (chain), C3 (stable chain), with
// weights shared over chunks so that a stream of any length can be read.
#pragma once

#include <torch/types.h>

#include <functional>

namespace catena::model {

/// [B, C, e] -> [B, C, d]: attention among the tokens of one chunk.
using ChunkAttention = std::function<torch::Tensor(const torch::Tensor&)>;
/// r [B, d] -> [B, e]: what of r is added to each token of the next chunk.
using Entry = std::function<torch::Tensor(const torch::Tensor&)>;

struct PairedRegressionWeights {
  torch::Tensor regression_weight, regression_bias;  ///< [d, d], [d]
  torch::Tensor norm_weight, norm_bias;              ///< [d]: layer normalisation of r after every second chunk
  double share = 0.3;                                ///< of the previous r in the next (C3)
  torch::Tensor summary_weight, summary_bias;        ///< [d, d], [d]; undefined: no summary is made
};

struct PairedRegression {
  torch::Tensor outputs;      ///< [B, T, d]
  torch::Tensor regressions;  ///< [B, chunks, d]: r after each chunk, float32
  torch::Tensor summary;      ///< [B, d]: z of the last chunk, undefined without summary weights
};

/// x [B, T, e]; r [B, d] float32: regression vector from before; first_chunk: how many chunks the stream has read.
/// y = attention(x + entry(r)), without an entry r itself (e = d); z = Linear(mean y); r <- tanh(Linear(y_last)) +
/// share * detached r, normalised after every second chunk. truncate: no gradient reaches from a chunk into the one
/// before, y_last is detached as well; the step from y_last to r belongs to the chunk that r enters, or its weights
/// would never learn.
PairedRegression paired_regression(const torch::Tensor& x, const torch::Tensor& r, std::int64_t chunk,
                                   std::int64_t first_chunk, const ChunkAttention& attention,
                                   const PairedRegressionWeights& weights, bool truncate = false,
                                   const Entry& entry = {});

/// One step of r: the part between chunks.
torch::Tensor next_regression(const torch::Tensor& y_last, const torch::Tensor& r, std::int64_t chunk_index,
                              const PairedRegressionWeights& weights);

}  // namespace catena::model
