#include "model/tracker/optimiser.h"

#include <algorithm>
#include <cmath>

#include "model/tracker/adamw.h"
#include "model/tracker/product.h"

namespace catena::model {
namespace {

using torch::Tensor;

constexpr int kNewtonSchulzSteps = 5;
constexpr double kLikeAdamW = 0.2;  // root mean square of a usual AdamW step over its learning rate

/// The matrices of a stack that lie in a range; the range's ends fall between them.
HiddenMatrix part_of(const HiddenMatrix& matrix, const ParameterRange& range) {
  const std::int64_t one = matrix.rows * matrix.columns;
  const auto groups_before = [&](std::int64_t place) {
    return std::clamp<std::int64_t>(place - matrix.offset, 0, matrix.count()) / one;
  };
  const std::int64_t first = groups_before(range.begin);
  return {matrix.offset + first * one, groups_before(range.end) - first, matrix.rows, matrix.columns};
}

}  // namespace

Tensor orthogonalise(const Tensor& x, torch::ScalarType type) {
  const bool tall = x.size(1) > x.size(2);  // products are cheaper on the shorter side
  Tensor y = tall ? x.transpose(1, 2) : x;
  y = (y / (y.flatten(1).norm(2, 1).view({-1, 1, 1}) + 1e-7)).to(type);
  for (int i = 0; i < kNewtonSchulzSteps; ++i) {
    const Tensor a = product(y, y.transpose(1, 2));
    const Tensor b = product(a, a).mul_(2.0315).add_(a, -4.7750);
    y = product(b, y).add_(y, 3.4445);
  }
  y = y.to(torch::kFloat);
  return tall ? y.transpose(1, 2) : y;
}

Optimiser::Optimiser(const Parameters& parameters, const OptimiserOptions& options, std::optional<ParameterRange> range)
    : options_(options),
      range_(range.value_or(ParameterRange{0, parameters.values().numel()})),
      m_(torch::zeros({range_.count()}, parameters.values().options())),
      v_(torch::zeros_like(m_)) {}

void Optimiser::step(Parameters& parameters, double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  if (options_.kind == OptimiserKind::muon) {
    for (const HiddenMatrix& matrix : parameters.hidden_matrices()) {
      if (const HiddenMatrix own = part_of(matrix, range_); own.groups > 0) muon(parameters, own, learning_rate);
    }
  }
  adamw(parameters, learning_rate);
}

void adamw_step(const Tensor& values, const Tensor& gradients, const Tensor& m, const Tensor& v, std::int64_t decayed,
                std::int64_t step, double learning_rate, const OptimiserOptions& options) {
  m.mul_(options.beta1).add_(gradients, 1 - options.beta1);
  v.mul_(options.beta2).addcmul_(gradients, gradients, 1 - options.beta2);
  const double correct1 = 1 - std::pow(options.beta1, static_cast<double>(step));
  const double correct2 = 1 - std::pow(options.beta2, static_cast<double>(step));
  values.slice(0, 0, decayed).mul_(1 - learning_rate * options.weight_decay);
  values.addcdiv_(m, v.sqrt().div_(std::sqrt(correct2)).add_(options.eps), -learning_rate / correct1);
}

void Optimiser::adamw(Parameters& parameters, double learning_rate) {
  const std::int64_t begin = std::max(range_.begin, adamw_begin(parameters, options_.kind));
  if (begin >= range_.end) return;
  const auto weights = [&](const Tensor& block) { return block.slice(0, begin, range_.end); };
  const auto state = [&](const Tensor& block) { return block.slice(0, begin - range_.begin); };
  adamw_step(weights(parameters.values()), weights(parameters.gradients()), state(m_), state(v_),
             std::max<std::int64_t>(0, parameters.decayed() - begin), steps_, learning_rate, options_);
}

void Optimiser::muon(Parameters& parameters, const HiddenMatrix& matrix, double learning_rate) {
  const auto part = [&](const Tensor& block, std::int64_t begin) {
    return block.narrow(0, matrix.offset - begin, matrix.count()).view({matrix.groups, matrix.rows, matrix.columns});
  };
  const Tensor g = part(parameters.gradients(), 0), m = part(m_, range_.begin), value = part(parameters.values(), 0);
  m.mul_(options_.momentum).add_(g, 1 - options_.momentum);
  const Tensor ahead = torch::lerp(g, m, options_.momentum);  // Nesterov's
  value.mul_(1 - learning_rate * options_.weight_decay);
  const double scale = kLikeAdamW * std::sqrt(static_cast<double>(std::max(matrix.rows, matrix.columns)));
  const bool narrow = parameters.compute_type() == torch::kBFloat16;
  value.add_(orthogonalise(ahead, narrow ? torch::kBFloat16 : torch::kFloat), -learning_rate * scale);
}

double clip_gradients(Tensor& gradients, double limit) {
  const double norm = gradients.norm().item<double>();
  if (std::isfinite(norm) && norm > limit) gradients.mul_(limit / norm);
  return norm;
}

}  // namespace catena::model
