#include "model/tracker/optimiser.h"

#include <algorithm>
#include <cmath>

namespace catena::model {
namespace {

using torch::Tensor;

constexpr int kNewtonSchulzSteps = 5;
constexpr double kLikeAdamW = 0.2;  // root mean square of a usual AdamW step over its learning rate

}  // namespace

Tensor orthogonalise(const Tensor& x) {
  const bool tall = x.size(1) > x.size(2);  // products are cheaper on the shorter side
  Tensor y = tall ? x.transpose(1, 2) : x;
  y = y / (y.flatten(1).norm(2, 1).view({-1, 1, 1}) + 1e-7);
  for (int i = 0; i < kNewtonSchulzSteps; ++i) {
    const Tensor a = torch::bmm(y, y.transpose(1, 2));
    const Tensor b = torch::baddbmm(a, a, a, -4.7750, 2.0315);
    y = torch::baddbmm(y, b, y, 3.4445, 1);
  }
  return tall ? y.transpose(1, 2) : y;
}

Optimiser::Optimiser(const Parameters& parameters, const OptimiserOptions& options)
    : options_(options), m_(torch::zeros_like(parameters.values())), v_(torch::zeros_like(parameters.values())) {}

void Optimiser::step(Parameters& parameters, double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  std::int64_t begin = 0;  // of what AdamW moves
  if (options_.kind == OptimiserKind::muon) {
    for (const HiddenMatrix& matrix : parameters.hidden_matrices()) {
      muon(parameters, matrix, learning_rate);
      begin = std::max(begin, matrix.offset + matrix.count());
    }
  }
  adamw(parameters, begin, learning_rate);
}

void Optimiser::adamw(Parameters& parameters, std::int64_t begin, double learning_rate) {
  const Tensor g = parameters.gradients().slice(0, begin), values = parameters.values().slice(0, begin);
  const Tensor m = m_.slice(0, begin), v = v_.slice(0, begin);
  m.mul_(options_.beta1).add_(g, 1 - options_.beta1);
  v.mul_(options_.beta2).addcmul_(g, g, 1 - options_.beta2);
  const double correct1 = 1 - std::pow(options_.beta1, static_cast<double>(steps_));
  const double correct2 = 1 - std::pow(options_.beta2, static_cast<double>(steps_));
  parameters.values().slice(0, begin, parameters.decayed()).mul_(1 - learning_rate * options_.weight_decay);
  values.addcdiv_(m, v.sqrt().div_(std::sqrt(correct2)).add_(options_.eps), -learning_rate / correct1);
}

void Optimiser::muon(Parameters& parameters, const HiddenMatrix& matrix, double learning_rate) {
  const auto part = [&](const Tensor& block) {
    return block.narrow(0, matrix.offset, matrix.count()).view({matrix.groups, matrix.rows, matrix.columns});
  };
  const Tensor g = part(parameters.gradients()), m = part(m_), value = part(parameters.values());
  m.mul_(options_.momentum).add_(g, 1 - options_.momentum);
  const Tensor ahead = torch::lerp(g, m, options_.momentum);  // Nesterov's
  value.mul_(1 - learning_rate * options_.weight_decay);
  const double scale = kLikeAdamW * std::sqrt(static_cast<double>(std::max(matrix.rows, matrix.columns)));
  value.add_(orthogonalise(ahead), -learning_rate * scale);
}

double clip_gradients(Tensor& gradients, double limit) {
  const double norm = gradients.norm().item<double>();
  if (std::isfinite(norm) && norm > limit) gradients.mul_(limit / norm);
  return norm;
}

}  // namespace catena::model
