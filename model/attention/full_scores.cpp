#include "model/attention/full_scores.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "model/attention/scaled_dot_product.h"
#include "model/tracker/fused_ops.h"
#include "model/tracker/linear.h"
#include "model/tracker/product.h"

namespace catena::model::lab {

using torch::Tensor;

Tensor full_scores_attention(const Tensor& q, const Tensor& k, const Tensor& v) {
  const std::int64_t t = q.size(2);
  const Tensor later = torch::ones({t, t}, q.options().dtype(torch::kBool)).triu(1);
  const auto flat = [](const Tensor& x) { return x.flatten(0, 1); };  // [B H, T, D]
  Tensor scores = product(flat(q), flat(k).transpose(1, 2)) / std::sqrt(static_cast<double>(q.size(3)));
  scores = scores.masked_fill(later, -std::numeric_limits<float>::infinity());
  return product(torch::softmax(scores, 2), flat(v)).view(q.sizes());
}

FullScoresTransformer::FullScoresTransformer(const Parameters& parameters, std::int64_t longest)
    : parameters_(parameters),
      rotary_(
          make_rotary(longest, parameters.config().head_width(), parameters.config().rope_base, parameters.device())) {
  if (parameters.config().carry != Carry::attention) {
    throw std::invalid_argument("attention with full scores needs a model with carry 'attention', not '" +
                                to_string(parameters.config().carry) + "'");
  }
}

Tensor FullScoresTransformer::mixer(const std::string& prefix, const Tensor& h, std::int64_t batch) const {
  const ModelConfig& config = parameters_.config();
  const Tensor qkv = linear(h, parameters_[prefix + "in.weight"]).view({batch, -1, 3 * config.width});
  const auto parts = split_heads(qkv, 3, config.heads);
  const Tensor o = full_scores_attention(rotate(parts[0], rotary_), rotate(parts[1], rotary_), parts[2]);
  return linear(merge_heads(o).view({h.size(0), config.width}), parameters_[prefix + "out.weight"]);
}

Tensor FullScoresTransformer::forward(const Tensor& tokens) const {
  const ModelConfig& config = parameters_.config();
  const auto normed = [&](const Tensor& x, const std::string& name) {
    return rms_norm(x, parameters_.master(name), config.norm_eps, parameters_.compute_type());
  };
  Tensor x = torch::embedding(parameters_.master("embed.weight"), tokens.reshape({-1}));
  for (int i = 0; i < config.layers; ++i) {
    const std::string prefix = "layers." + std::to_string(i) + ".";
    x = x + mixer(prefix + "mixer.", normed(x, prefix + "norm1.weight"), tokens.size(0));
    const Tensor f = linear(normed(x, prefix + "norm2.weight"), parameters_[prefix + "ffn.in.weight"]);
    x = x + linear(swiglu(f), parameters_[prefix + "ffn.out.weight"]);
  }
  return normed(x, "norm.weight");
}

}  // namespace catena::model::lab
