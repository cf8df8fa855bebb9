// The block of weights cut into ranges, one for each of several optimisers.
#pragma once

#include <cstdint>
#include <vector>

#include "model/tracker/optimiser_kind.h"
#include "model/tracker/parameters.h"

namespace catena::model {

/// Weights [begin, end) of Parameters::values().
struct ParameterRange {
  std::int64_t begin = 0, end = 0;
  std::int64_t count() const { return end - begin; }
};

/// `parts` ranges, in order, that cover all weights and are as even as the cuts allow: Muon moves matrices as wholes,
/// so it is cut only between them; where AdamW moves the weights it is cut at multiples of kRangeAlignment. A range may
/// be empty when there are more parts than places to cut.
std::vector<ParameterRange> split_parameters(const Parameters& parameters, OptimiserKind kind, int parts);

/// Cuts fall on whole vector registers, so that a weight's update is rounded the same whichever range it lies in.
inline constexpr std::int64_t kRangeAlignment = 64;

/// Where AdamW takes over: the end of what Muon moves, 0 without Muon.
std::int64_t adamw_begin(const Parameters& parameters, OptimiserKind kind);

}  // namespace catena::model
