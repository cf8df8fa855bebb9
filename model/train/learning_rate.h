// Linear warm-up, then a cosine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace catena::model {

struct LearningRate {
  double highest = 0;
  double final_share = 0;  ///< of the highest, at the end
  std::int64_t warmup_steps = 0, steps = 0;

  double at(std::int64_t step) const {
    if (step < warmup_steps) return highest * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
    const double span = static_cast<double>(std::max<std::int64_t>(1, steps - warmup_steps));
    const double done = std::min(1.0, static_cast<double>(step - warmup_steps) / span);
    return highest * (final_share + (1 - final_share) * 0.5 * (1 + std::cos(std::numbers::pi * done)));
  }
};

}  // namespace catena::model
