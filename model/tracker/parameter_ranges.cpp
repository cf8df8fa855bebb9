#include "model/tracker/parameter_ranges.h"

#include <algorithm>
#include <cstdlib>

namespace catena::model {
namespace {

/// The place nearest to `wanted` where Muon's matrices may be parted.
std::int64_t nearest_matrix(const std::vector<HiddenMatrix>& matrices, std::int64_t wanted) {
  std::int64_t nearest = 0;
  for (const HiddenMatrix& matrix : matrices) {
    for (std::int64_t group = 1; group <= matrix.groups; ++group) {
      const std::int64_t place = matrix.offset + group * matrix.rows * matrix.columns;
      if (std::abs(place - wanted) < std::abs(nearest - wanted)) nearest = place;
    }
  }
  return nearest;
}

}  // namespace

std::int64_t adamw_begin(const Parameters& parameters, OptimiserKind kind) {
  if (kind != OptimiserKind::muon || parameters.hidden_matrices().empty()) return 0;
  const HiddenMatrix& last = parameters.hidden_matrices().back();  // they lie one behind the other
  return last.offset + last.count();
}

std::vector<ParameterRange> split_parameters(const Parameters& parameters, OptimiserKind kind, int parts) {
  const std::int64_t count = parameters.values().numel(), adamw = adamw_begin(parameters, kind);
  std::vector<ParameterRange> ranges;
  for (int part = 1; part <= parts; ++part) {
    std::int64_t cut = count * part / parts;
    if (part == parts) {
      cut = count;
    } else if (cut < adamw) {
      cut = nearest_matrix(parameters.hidden_matrices(), cut);
    } else {
      cut = std::min(count, adamw + (cut - adamw + kRangeAlignment / 2) / kRangeAlignment * kRangeAlignment);
    }
    ranges.push_back({ranges.empty() ? 0 : ranges.back().end, cut});
  }
  return ranges;
}

}  // namespace catena::model
