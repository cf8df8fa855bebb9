#include "model/tracker/delta_rule.h"

#include <algorithm>
#include <vector>

#include "model/tracker/cuda/kernel_ops.h"
#include "model/tracker/cuda/operator_forms.h"
#include "model/tracker/fused_ops.h"

namespace catena::model {
namespace {

using torch::Tensor;

constexpr std::int64_t kBlock = 64;

/// Pads time to a multiple of the block with tokens that change nothing (b = 0, log_a = 0).
Tensor to_blocks(const Tensor& x, std::int64_t padding, std::int64_t block) {
  std::vector<std::int64_t> pad(2 * static_cast<std::size_t>(x.dim() - 1), 0);
  pad.back() = padding;
  const Tensor padded = padding == 0 ? x : torch::constant_pad_nd(x, pad);
  std::vector<std::int64_t> shape(padded.sizes().begin(), padded.sizes().end());
  shape[1] = block;
  shape.insert(shape.begin() + 1, padded.size(1) / block);
  return padded.reshape(shape);
}

}  // namespace

DeltaOutputs delta_rule_recurrent(const DeltaInputs& in) {
  Tensor s = in.state;
  std::vector<Tensor> outputs;
  for (std::int64_t t = 0; t < in.q.size(1); ++t) {
    if (in.truncate > 0 && t % in.truncate == 0) s = s.detach();
    const Tensor k = in.k.select(1, t).unsqueeze(2), v = in.v.select(1, t).unsqueeze(1),
                 q = in.q.select(1, t).unsqueeze(1);
    s = s * in.log_a.select(1, t).exp().view({-1, 1, 1});
    const Tensor error = in.corrected ? v - k.transpose(1, 2).matmul(s) : v;
    s = s + in.b.select(1, t).view({-1, 1, 1}) * k.matmul(error);
    outputs.push_back(q.matmul(s));
  }
  return {torch::cat(outputs, 1), s};
}

DeltaOutputs delta_rule_chunked(const DeltaInputs& in) {
  if constexpr (kernels_linked) {
    if (delta_runs_on_kernel(in.v, in.k.size(2))) return delta_rule_kernel(in);
  }
  return delta_rule_by_operators(in);
}

DeltaOutputs delta_rule_by_operators(const DeltaInputs& in) {
  const std::int64_t block = delta_block_length(kBlock, in.truncate);
  const std::int64_t length = in.q.size(1), padding = (block - length % block) % block;
  const auto cut = [&](const Tensor& x) { return to_blocks(x, padding, block); };
  const Tensor q = cut(in.q), k = cut(in.k), v = cut(in.v);
  const Tensor b = cut(in.b).unsqueeze(-1);
  const Tensor g = cut(in.log_a).cumsum(-1);  // log of the decay since the block began
  const std::int64_t n = q.size(0), blocks = q.size(1), d = v.size(3);

  // exp of masked differences: exp of the cumulative sums themselves would overflow.
  const Tensor causal = torch::ones({block, block}, q.options().dtype(torch::kBool)).tril();
  const Tensor decay = (g.unsqueeze(-1) - g.unsqueeze(-2)).masked_fill(causal.logical_not(), -1e4F).exp();
  const Tensor from_start = g.exp().unsqueeze(-1);
  const Tensor to_end = (g.select(-1, block - 1).unsqueeze(-1) - g).exp().unsqueeze(-1);
  const Tensor whole = g.select(-1, block - 1).exp();  // [N, blocks]

  const Tensor k_t = k.transpose(-1, -2);
  const Tensor kb = k * b;
  // What each token writes: u - w S for the state S before the block.
  Tensor u = v * b, w;
  if (in.corrected) {
    const Tensor inverse = unit_lower_inverse((kb.matmul(k_t) * decay).tril(-1));
    u = inverse.matmul(u);
    w = inverse.matmul(kb * from_start);
  }
  const Tensor inside = q.matmul(k_t) * decay;
  const Tensor q_start = q * from_start;
  const Tensor k_end = (k * to_end).transpose(-1, -2);

  const auto u_i = u.unbind(1), w_i = in.corrected ? w.unbind(1) : std::vector<Tensor>(), inside_i = inside.unbind(1),
             q_i = q_start.unbind(1), k_i = k_end.unbind(1);
  const auto whole_i = whole.view({n, blocks, 1, 1}).unbind(1);
  Tensor s = in.state;
  std::vector<Tensor> outputs;
  outputs.reserve(static_cast<std::size_t>(blocks));
  for (std::size_t i = 0; i < static_cast<std::size_t>(blocks); ++i) {
    if (in.truncate > 0 && static_cast<std::int64_t>(i) * block % in.truncate == 0) s = s.detach();
    const Tensor x = in.corrected ? torch::baddbmm(u_i[i], w_i[i], s, 1, -1) : u_i[i];
    outputs.push_back(torch::baddbmm(inside_i[i].bmm(x), q_i[i], s));
    s = torch::baddbmm(s * whole_i[i], k_i[i], x);
  }
  const Tensor o = torch::stack(outputs, 1).view({n, blocks * block, d});
  return {padding == 0 ? o : o.slice(1, 0, length), s};
}

}  // namespace catena::model
