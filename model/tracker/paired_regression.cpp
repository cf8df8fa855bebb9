#include "model/tracker/paired_regression.h"

#include <vector>

namespace catena::model {

using torch::Tensor;

Tensor next_regression(const Tensor& y_last, const Tensor& r, std::int64_t chunk_index,
                       const PairedRegressionWeights& weights) {
  const auto type = torch::promote_types(torch::kFloat, y_last.scalar_type());
  const auto wide = [&](const Tensor& x) { return x.to(type); };
  const Tensor step =
      torch::tanh(torch::linear(wide(y_last), wide(weights.regression_weight), wide(weights.regression_bias)));
  const Tensor next = step + weights.share * r.detach();
  if (chunk_index % 2 == 0) return next;
  return torch::layer_norm(next, {next.size(-1)}, wide(weights.norm_weight), wide(weights.norm_bias), 1e-5);
}

PairedRegression paired_regression(const Tensor& x, const Tensor& r_before, std::int64_t chunk,
                                   std::int64_t first_chunk, const ChunkAttention& attention,
                                   const PairedRegressionWeights& weights, bool truncate, const Entry& entry) {
  Tensor r = truncate ? r_before.detach() : r_before;
  std::vector<Tensor> outputs, regressions;
  for (const Tensor& part : x.split(chunk, 1)) {  // slices would each have a gradient of x's size
    outputs.push_back(attention(part + (entry ? entry(r) : r).unsqueeze(1).to(x.scalar_type())));
    // A copy: kept for the way back, a view would keep the whole chunk.
    const Tensor last = outputs.back().select(1, part.size(1) - 1).clone();
    r = next_regression(truncate ? last.detach() : last, r, first_chunk + static_cast<std::int64_t>(regressions.size()),
                        weights);
    regressions.push_back(r);
  }
  PairedRegression result;
  result.outputs = torch::cat(outputs, 1);
  result.regressions = torch::stack(regressions, 1);
  if (weights.summary_weight.defined()) {
    result.summary =
        torch::linear(outputs.back().to(torch::kFloat).mean(1), weights.summary_weight, weights.summary_bias);
  }
  return result;
}

}  // namespace catena::model
