#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace catena::model {

/// In place: logits -> ln p.
inline void log_softmax(std::span<float> logits) {
  const float highest = *std::max_element(logits.begin(), logits.end());
  float sum = 0;
  for (const float x : logits) sum += std::exp(x - highest);
  const float normaliser = highest + std::log(sum);
  for (float& x : logits) x -= normaliser;
}

}  // namespace catena::model
