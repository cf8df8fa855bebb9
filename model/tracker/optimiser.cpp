#include "model/tracker/optimiser.h"

#include <algorithm>
#include <cmath>

#include "model/tracker/adamw.h"

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

void adamw_step(const Tensor& values, const Tensor& gradients, const Tensor& m, const Tensor& v, std::int64_t decayed, std::int64_t step,
                double learning_rate, const OptimiserOptions& options) {
  m.mul_(options.beta1).add_(gradients, 1 - options.beta1);
  v.mul_(options.beta2).addcmul_(gradients, gradients, 1 - options.beta2);
  const double correct1 = 1 - std::pow(options.beta1, static_cast<double>(step));
  const double correct2 = 1 - std::pow(options.beta2, static_cast<double>(step));
  values.slice(0, 0, decayed).mul_(1 - learning_rate * options.weight_decay);
  values.addcdiv_(m, v.sqrt().div_(std::sqrt(correct2)).add_(options.eps), -learning_rate / correct1);
}

void Optimiser::adamw(Parameters& parameters, std::int64_t begin, double learning_rate) {
  adamw_step(parameters.values().slice(0, begin), parameters.gradients().slice(0, begin), m_.slice(0, begin), v_.slice(0, begin),
             std::max<std::int64_t>(0, parameters.decayed() - begin), steps_, learning_rate, options_);
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
