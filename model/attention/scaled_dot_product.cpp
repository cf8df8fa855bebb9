#include "model/attention/scaled_dot_product.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace catena::model::lab {

using torch::Tensor;

namespace {

constexpr std::int64_t kQueries = 64;  // of causal attention at a time
constexpr double kNever = -30000;      // a score that half precision can hold and whose softmax is zero
constexpr double kNo = -std::numeric_limits<double>::infinity();

double scale(const Tensor& q) { return 1 / std::sqrt(static_cast<double>(q.size(-1))); }

}  // namespace

Tensor scaled_dot_product(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  const Tensor scores = (q * scale(q)).matmul(k.transpose(-1, -2));
  if (!mask.defined()) return torch::softmax(scores, -1).matmul(v);
  // With -infinity a row without any key would be NaN, and its gradient would stay NaN behind a second mask.
  const Tensor p = torch::softmax(scores.masked_fill(mask.logical_not(), kNever), -1);
  return (p * mask.to(p.scalar_type())).matmul(v);
}

Tensor causal_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& positions) {
  const std::int64_t rows = q.size(1);
  const Tensor at = positions.contiguous();
  std::vector<Tensor> outputs;
  for (std::int64_t begin = 0; begin < rows; begin += kQueries) {
    const std::int64_t end = std::min(rows, begin + kQueries);
    const Tensor own = at.slice(0, begin, end);
    const std::int64_t first = own[0].item<std::int64_t>(), seen = own[end - begin - 1].item<std::int64_t>() + 1;
    Tensor scores = (q.slice(1, begin, end) * scale(q)).bmm(k.slice(1, 0, seen).transpose(1, 2));
    // All keys up to the first query's own are seen by all of these.
    const Tensor later = torch::arange(first, seen, at.options()).unsqueeze(0) > own.unsqueeze(1);
    scores.slice(2, first, seen).masked_fill_(later, kNo);
    outputs.push_back(torch::softmax(scores, -1).bmm(v.slice(1, 0, seen)));
  }
  return torch::cat(outputs, 1);
}

std::vector<Tensor> split_heads(const Tensor& x, std::int64_t parts, std::int64_t heads) {
  const std::int64_t b = x.size(0), t = x.size(1), width = x.size(2) / (parts * heads);
  return x.view({b, t, parts, heads, width}).permute({2, 0, 3, 1, 4}).unbind(0);
}

Tensor merge_heads(const Tensor& x) { return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)}); }

}  // namespace catena::model::lab
