#include "model/attention/frame_log.h"

namespace catena::model::lab {

bool FrameLog::write(std::int64_t place, std::span<const float> frames) {
  const bool follows = place == end();
  if (!follows) {
    numbers_.clear();
    begin_ = place;
  }
  numbers_.insert(numbers_.end(), frames.begin(), frames.end());
  const std::size_t held = numbers_.size() / features_;
  if (held >= 2 * most_) {
    numbers_.erase(numbers_.begin(), numbers_.end() - static_cast<std::ptrdiff_t>(most_ * features_));
    begin_ += static_cast<std::int64_t>(held - most_);
  }
  return follows;
}

std::span<const float> FrameLog::at(std::int64_t place, std::int64_t count) const {
  return std::span(numbers_).subspan(static_cast<std::size_t>(place - begin_) * features_,
                                     static_cast<std::size_t>(count) * features_);
}

}  // namespace catena::model::lab
