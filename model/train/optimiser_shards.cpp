#include "model/train/optimiser_shards.h"

namespace catena::model {

using torch::Tensor;

OptimiserShards::OptimiserShards(const Parameters& parameters, OptimiserKind kind, const ProcessGroup& group,
                                 bool shard)
    : group_(group), ranges_(split_parameters(parameters, kind, shard ? group.size() : 1)) {}

const ParameterRange& OptimiserShards::own() const {
  return ranges_.size() == 1 ? ranges_.front() : ranges_[static_cast<std::size_t>(group_.rank())];
}

void OptimiserShards::exchange(Tensor& values) const {
  if (ranges_.size() == 1) return;
  const torch::NoGradGuard no_grad;
  for (std::size_t process = 0; process < ranges_.size(); ++process) {
    Tensor part = values.slice(0, ranges_[process].begin, ranges_[process].end);
    group_.broadcast(part, static_cast<int>(process));
  }
}

Tensor OptimiserShards::gather(const Tensor& own) const {
  if (ranges_.size() == 1) return group_.first() ? own.to(torch::kCPU) : Tensor();
  Tensor whole;
  if (group_.first()) whole = torch::empty({ranges_.back().end}, own.options().device(torch::kCPU));
  for (std::size_t process = 0; process < ranges_.size(); ++process) {
    const ParameterRange& range = ranges_[process];
    // One part at a time, so that none but the first process ever holds more than its own and one other.
    Tensor part = static_cast<int>(process) == group_.rank() ? own : torch::empty({range.count()}, own.options());
    group_.broadcast(part, static_cast<int>(process));
    if (group_.first()) whole.slice(0, range.begin, range.end).copy_(part);
  }
  return whole;
}

}  // namespace catena::model
