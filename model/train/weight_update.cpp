#include "model/train/weight_update.h"

#include <cmath>
#include <string>

#include "model/runtime/failure.h"

namespace catena::model {

WeightUpdate::Result WeightUpdate::apply(Parameters& parameters, Optimiser& optimiser, double learning_rate) {
  const double factor = scale_.factor();
  if (factor != 1) parameters.gradients().mul_(1 / factor);  // before clipping, which is about the real gradient
  Result result;
  result.norm = clip_gradients(parameters.gradients(), clip_);
  result.skipped = !std::isfinite(result.norm);
  scale_.update(!result.skipped);
  if (!result.skipped) {
    optimiser.step(parameters, learning_rate);
    skipped_ = 0;
  } else if (++skipped_ == kMostSkipped) {
    throw Failure(std::to_string(kMostSkipped) +
                  " steps in a row had no finite gradient, training stopped; the last checkpoint is intact: try a "
                  "smaller learning rate");
  }
  return result;
}

void require_finite_weights(const Parameters& parameters, std::int64_t step) {
  if (torch::isfinite(parameters.values().sum()).item<bool>()) return;
  throw Failure("step " + std::to_string(step) +
                ": the weights are not finite; the last checkpoint is intact: try a smaller learning rate");
}

}  // namespace catena::model
