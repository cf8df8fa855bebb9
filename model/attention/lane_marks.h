// States that a lane can go back to: many of the last tokens, fewer the farther back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace catena::model::lab {

template <typename State>
class LaneMarks {
 public:
  static constexpr std::int64_t apart = 64;  ///< tokens between two marks
  static constexpr std::size_t most = 12;

  /// Keeps a copy of the state after `tokens` tokens, where one is due.
  void add(std::int64_t tokens, const State& state) {
    if (tokens % apart != 0) return;
    marks_.push_back({tokens, state});
    if (marks_.size() <= most) return;
    // The one whose absence costs least: the gap it leaves, against its distance from here.
    std::size_t least = 0;
    double least_cost = 0;
    for (std::size_t i = 0; i + 1 < marks_.size(); ++i) {
      const std::int64_t before = i == 0 ? 0 : marks_[i - 1].tokens;
      const double cost = static_cast<double>(marks_[i + 1].tokens - before) / static_cast<double>(tokens - before);
      if (i > 0 && cost >= least_cost) continue;
      least = i;
      least_cost = cost;
    }
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(least));
  }

  /// The newest state of at most `tokens` tokens, null without one; drops the newer ones. Its tokens go to `at`.
  const State* go_back(std::int64_t tokens, std::int64_t& at) {
    while (!marks_.empty() && marks_.back().tokens > tokens) marks_.pop_back();
    if (marks_.empty()) return nullptr;
    at = marks_.back().tokens;
    return &marks_.back().state;
  }

  std::size_t size() const { return marks_.size(); }

 private:
  struct Mark {
    std::int64_t tokens;
    State state;
  };
  std::vector<Mark> marks_;
};

}  // namespace catena::model::lab
