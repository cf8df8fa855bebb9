#include "model/attention/lab_model.h"

#include <cmath>

#include "model/attention/registry.h"
#include "model/tracker/fused_ops.h"
#include "model/tracker/recompute.h"

namespace catena::model::lab {

using torch::Tensor;

namespace {

constexpr double kNormEps = 1e-5;

}  // namespace

LabModel::LabModel(const LabConfig& config, std::uint64_t seed) : config_(config), parameters_(seed) {
  const std::int64_t d = config.mixer.width;
  const auto ones = [&](const std::string& name) { return parameters_.add(name, torch::ones({d})); };
  embedding_ = parameters_.add_normal("embed.weight", {config.vocab, d}, 0.1);
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const std::string prefix = "layers." + std::to_string(i) + ".";
    Block block;
    block.norm1 = ones(prefix + "norm1.weight");
    block.mixer = make_system(config.mixer, parameters_, prefix + "mixer.");
    block.norm2 = ones(prefix + "norm2.weight");
    block.ffn_in = parameters_.add_projection(prefix + "ffn.in.weight", 2 * config.ffn, d);
    const double residual = 1 / std::sqrt(2.0 * static_cast<double>(config.layers * config.ffn));
    block.ffn_out = parameters_.add_normal(prefix + "ffn.out.weight", {d, config.ffn}, residual);
    blocks_.push_back(std::move(block));
  }
  norm_ = ones("norm.weight");
}

Tensor LabModel::embed(const Tensor& tokens) const { return torch::embedding(embedding_, tokens); }

Tensor LabModel::normed(const Tensor& x, const Tensor& weight) const {
  return rms_norm(x.reshape({-1, x.size(-1)}), weight, kNormEps, torch::kFloat).view(x.sizes());
}

Tensor LabModel::after_mixer(const Block& block, const Tensor& x, const Tensor& mixed) const {
  const Tensor y = x + mixed;
  const Tensor rows = normed(y, block.norm2).view({-1, y.size(-1)});
  return y + swiglu(rows.mm(block.ffn_in.t())).mm(block.ffn_out.t()).view(y.sizes());
}

Tensor LabModel::forward(const Tensor& embedded, bool again) const {
  Tensor x = embedded;
  for (const Block& block : blocks_) {
    const auto body = [this, &block](const std::vector<Tensor>& in) -> std::vector<Tensor> {
      return {after_mixer(block, in[0], block.mixer->forward(normed(in[0], block.norm1)))};
    };
    x = again ? recompute(body, {x})[0] : body({x})[0];
  }
  return normed(x, norm_).reshape({-1, x.size(-1)});
}

std::vector<MixerState> LabModel::initial_state(std::int64_t batch) const {
  std::vector<MixerState> state;
  for (const Block& block : blocks_) state.push_back(block.mixer->initial_state(batch));
  return state;
}

Tensor LabModel::step(const Tensor& embedded, std::vector<MixerState>& state) const {
  const torch::NoGradGuard no_grad;
  Tensor x = embedded;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    x = after_mixer(blocks_[i], x, blocks_[i].mixer->step(normed(x, blocks_[i].norm1), state[i]));
  }
  return normed(x, norm_).reshape({-1, x.size(-1)});
}

}  // namespace catena::model::lab
