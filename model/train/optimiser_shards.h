// The optimiser's state split over processes: ZeRO stage 1 (Rajbhandari et al. 2020, "ZeRO: Memory Optimizations Toward
// Training Trillion Parameter Models").
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/tracker/parameter_ranges.h"
#include "model/train/process_group.h"

namespace catena::model {

/// Each process keeps the optimiser's state of one range of the weights and moves only those; then all get each
/// other's. The mean gradient is whole in every process, so the norm that clipping takes and the decision to skip a
/// step need no word between them.
class OptimiserShards {
 public:
  /// shard: false leaves every process everything.
  OptimiserShards(const Parameters& parameters, OptimiserKind kind, const ProcessGroup& group, bool shard);

  /// What this process's optimiser moves.
  const ParameterRange& own() const;

  /// After a step: values [count], of which each process has moved its own range, become the same everywhere.
  /// Collective.
  void exchange(torch::Tensor& values) const;

  /// All processes' parts of a state, own [own().count()], one behind the other: [count] in host memory for the first
  /// process, undefined for the others. Collective.
  torch::Tensor gather(const torch::Tensor& own) const;

 private:
  const ProcessGroup& group_;
  std::vector<ParameterRange> ranges_;  ///< of the processes in turn, or a single one for all
};

}  // namespace catena::model
