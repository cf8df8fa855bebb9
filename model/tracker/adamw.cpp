#include "model/tracker/adamw.h"

#include <cmath>

namespace catena::model {

AdamW::AdamW(const torch::Tensor& values, AdamWOptions options)
    : options_(options), m_(torch::zeros_like(values)), v_(torch::zeros_like(values)) {}

void AdamW::step(torch::Tensor& values, const torch::Tensor& gradients, std::int64_t decayed, double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  m_.mul_(options_.beta1).add_(gradients, 1 - options_.beta1);
  v_.mul_(options_.beta2).addcmul_(gradients, gradients, 1 - options_.beta2);
  const double correct1 = 1 - std::pow(options_.beta1, static_cast<double>(steps_));
  const double correct2 = 1 - std::pow(options_.beta2, static_cast<double>(steps_));
  values.slice(0, 0, decayed).mul_(1 - learning_rate * options_.weight_decay);
  values.addcdiv_(m_, v_.sqrt().div_(std::sqrt(correct2)).add_(options_.eps), -learning_rate / correct1);
}

double clip_gradients(torch::Tensor& gradients, double limit) {
  const double norm = gradients.norm().item<double>();
  if (std::isfinite(norm) && norm > limit) gradients.mul_(limit / norm);
  return norm;
}

}  // namespace catena::model
