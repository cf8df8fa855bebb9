#include "model/tracker/attention.h"

#include <cmath>
#include <limits>
#include <vector>

#include "model/tracker/cuda/kernel_ops.h"
#include "model/tracker/cuda/operator_forms.h"
#include "model/tracker/product.h"

namespace catena::model {

using torch::Tensor;

Rotary make_rotary(std::int64_t positions, std::int64_t head_width, double base, torch::Device device) {
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  const Tensor exponent = torch::arange(head_width / 2, options) * (-2.0 / static_cast<double>(head_width));
  const Tensor angle = torch::arange(positions, options).unsqueeze(1) * torch::pow(base, exponent).unsqueeze(0);
  return {angle.cos().to(torch::kFloat).to(device), angle.sin().to(torch::kFloat).to(device)};
}

Tensor rotate(const Tensor& x, const Rotary& rotary) {
  const std::int64_t t = x.size(-2);
  const auto halves = x.chunk(2, -1);
  const Tensor cos = rotary.cos.slice(0, 0, t).to(x.scalar_type()), sin = rotary.sin.slice(0, 0, t).to(x.scalar_type());
  return torch::cat({halves[0] * cos - halves[1] * sin, halves[0] * sin + halves[1] * cos}, -1);
}

Tensor chunk_attention(const Tensor& qkv, std::int64_t heads, std::int64_t chunk, const Rotary& rotary, Sight sight) {
  if (fuses_attention(qkv)) return fused_chunk_attention(qkv, heads, chunk, rotary, sight);
  if constexpr (kernels_linked) {
    if (qkv.is_cuda() && attention_kernel_takes(qkv, heads))
      return chunk_attention_kernel(qkv, heads, chunk, rotary, sight);
  }
  return chunk_attention_by_operators(qkv, heads, chunk, rotary, sight);
}

Tensor chunk_attention_by_operators(const Tensor& qkv, std::int64_t heads, std::int64_t chunk, const Rotary& rotary,
                                    Sight sight) {
  const std::int64_t b = qkv.size(0), t = qkv.size(1), d = qkv.size(2) / 3, width = d / heads;
  const std::int64_t whole = t / chunk * chunk;
  if (whole < t && whole > 0) {
    return torch::cat({chunk_attention_by_operators(qkv.slice(1, 0, whole), heads, chunk, rotary, sight),
                       chunk_attention_by_operators(qkv.slice(1, whole, t), heads, t - whole, rotary, sight)},
                      1);
  }
  const std::int64_t c = whole == 0 ? t : chunk, n = t / c;
  const auto parts = qkv.view({b, n, c, 3, heads, width}).permute({3, 0, 1, 4, 2, 5}).unbind(0);  // [B, n, H, C, D]
  const auto flat = [&](const Tensor& x) { return x.reshape({b * n * heads, c, width}); };
  const Tensor q = flat(rotate(parts[0], rotary) * (1.0 / std::sqrt(static_cast<double>(width))));
  const Tensor k = flat(rotate(parts[1], rotary)), v = flat(parts[2]);
  Tensor scores = product(q, k.transpose(1, 2));
  if (sight == Sight::back)
    scores = scores + torch::full({c, c}, -std::numeric_limits<float>::infinity(), qkv.options()).triu(1);
  const Tensor p = torch::softmax(scores, -1);
  return product(p, v).view({b, n, heads, c, width}).permute({0, 1, 3, 2, 4}).reshape({b, t, d});
}

Tensor full_attention(const Tensor& qkv, std::int64_t heads, const Rotary& rotary, Tensor& cache) {
  // A single query reads the cache where it lies.
  if (fuses_attention(qkv) && qkv.size(1) > 1) return fused_full_attention(qkv, heads, rotary, cache);
  const std::int64_t b = qkv.size(0), t = qkv.size(1), d = qkv.size(2) / 3, width = d / heads, before = cache.size(1);
  const Rotary here{rotary.cos.slice(0, before, before + t), rotary.sin.slice(0, before, before + t)};
  const auto by_head = [&](const Tensor& x) { return x.view({b, -1, heads, width}).transpose(1, 2); };  // [B, H, n, D]
  const Tensor rotated = rotate(by_head(qkv.slice(2, 0, d)), here);
  const Tensor k_new = rotate(by_head(qkv.slice(2, d, 2 * d)), here).transpose(1, 2).reshape({b, t, d});
  const Tensor all = torch::cat({cache.to(qkv.scalar_type()), torch::cat({k_new, qkv.slice(2, 2 * d)}, 2)}, 1);
  cache = all.detach();
#ifdef CATENA_TORCH_2
  if (before == 0) {  // LibTorch's fused kernel, where it has one for these numbers
    const Tensor o =
        at::scaled_dot_product_attention(rotated, by_head(k_new), by_head(qkv.slice(2, 2 * d)), {}, 0.0, true);
    return o.transpose(1, 2).reshape({b, t, d});
  }
#endif
  const Tensor q = rotated * (1.0 / std::sqrt(static_cast<double>(width)));
  const Tensor later = torch::ones({t, before + t}, qkv.options().dtype(torch::kBool)).triu(before + 1);
  std::vector<Tensor> outputs;
  for (std::int64_t i = 0; i < b; ++i) {  // one stream at a time: the scores of one are large enough
    const auto own = [&](std::int64_t part) {
      return all[i].slice(1, part * d, (part + 1) * d).view({-1, heads, width}).transpose(0, 1);
    };
    const Tensor scores =
        product(q[i], own(0).transpose(1, 2)).masked_fill(later, -std::numeric_limits<float>::infinity());
    outputs.push_back(product(torch::softmax(scores, -1), own(1)).transpose(0, 1).reshape({t, d}));
  }
  return torch::stack(outputs);
}

}  // namespace catena::model
