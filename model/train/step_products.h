// The products of a training step, by formula.
#pragma once

#include <cstdint>

#include "model/config.h"

namespace catena::model {

/// Multiply-adds of the products of a training step (forward, and twice that backward), a token: of streams of `length`
/// tokens read in chunks of `chunk`. What a way back computes again does not count as work.
inline double training_multiply_adds(const ModelConfig& config, std::int64_t length, std::int64_t chunk) {
  const auto d = static_cast<double>(config.width);
  double forward = static_cast<double>(config.parameters());
  for (int layer = 0; layer < config.layers; ++layer) {
    const bool memory = ModelConfig::is_chain(layer) && config.has_memory();
    const auto seen = static_cast<double>(config.carry == Carry::attention ? length : chunk);
    if (memory) forward += 8.0 * 64 * d;  // the rule in blocks of 64 (model/tracker/delta_rule.h)
    if (!memory || config.attends_below(layer)) forward += 2 * seen * d;  // scores and values
  }
  return 3 * forward;
}

}  // namespace catena::model
