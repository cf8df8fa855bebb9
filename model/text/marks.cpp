#include "model/text/marks.h"

#include <algorithm>

namespace catena::model {

Marks::Marks(std::size_t limit) : limit_(std::max<std::size_t>(3, limit)) { marks_.reserve(limit_); }

void Marks::add(const ChainState& state, std::int64_t bytes, std::int64_t proof, const LineStart& line,
                const RecentTokens& recent) {
  if (marks_.size() < limit_) {
    marks_.push_back({state, bytes, proof, line, {}, ++serial_, recent});
    return;
  }
  const auto spare = marks_.begin() + static_cast<std::ptrdiff_t>(least_missed());
  std::rotate(spare, spare + 1, marks_.end());
  Checkpoint& mark = marks_.back();
  mark.state = state;
  mark.bytes = bytes;
  mark.proof = proof;
  mark.line = line;
  mark.pending.clear();
  mark.serial = ++serial_;
  mark.recent = recent;
}

void Marks::add(Checkpoint checkpoint) {
  if (marks_.size() == limit_) marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(least_missed()));
  checkpoint.serial = ++serial_;
  marks_.push_back(std::move(checkpoint));
}

const Checkpoint* Marks::at_or_before(std::int64_t p) const {
  const auto found =
      std::find_if(marks_.rbegin(), marks_.rend(), [&](const Checkpoint& mark) { return mark.proof <= p; });
  return found == marks_.rend() ? nullptr : &*found;
}

void Marks::drop_after(std::int64_t p) {
  std::erase_if(marks_, [&](const Checkpoint& mark) { return mark.proof > p; });
}

void Marks::drop_newer(std::uint64_t serial) {
  std::erase_if(marks_, [&](const Checkpoint& mark) { return mark.serial > serial; });
}

std::size_t Marks::bytes() const {
  std::size_t total = 0;
  for (const Checkpoint& mark : marks_) total += mark.state.bytes() + sizeof(Checkpoint) - sizeof(ChainState);
  return total;
}

std::size_t Marks::least_missed() const {
  const auto at = [&](std::size_t i) { return static_cast<double>(marks_[i].state.counters().tokens); };
  const double end = at(marks_.size() - 1);
  std::size_t best = 1;
  double best_cost = 2;
  for (std::size_t i = 1; i + 1 < marks_.size(); ++i) {
    const double cost = (at(i + 1) - at(i - 1)) / (end - at(i - 1));
    if (cost < best_cost) {
      best = i;
      best_cost = cost;
    }
  }
  return best;
}

}  // namespace catena::model
