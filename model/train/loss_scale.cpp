#include "model/train/loss_scale.h"

#include <algorithm>

namespace catena::model {

void LossScale::update(bool finite) {
  if (!active_) return;
  if (!finite) {
    factor_ = std::max(kLeast, factor_ / 2);
    good_steps_ = 0;
  } else if (++good_steps_ == kGrowthSteps) {
    if (factor_ < kMost) factor_ *= 2;
    good_steps_ = 0;
  }
}

void LossScale::restore(double factor, std::int64_t good_steps) {
  if (!active_) return;
  factor_ = factor;
  good_steps_ = good_steps;
}

}  // namespace catena::model
