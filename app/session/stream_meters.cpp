#include "app/session/stream_meters.h"

#include <utility>

namespace catena::app {
namespace {
constexpr double newest_share = 0.2;  // of a chunk in the smoothed speed
}

void StreamMeters::add(std::vector<double>& samples, double ms) {
  if (samples.size() >= most_samples) samples.erase(samples.begin(), samples.begin() + most_samples / 2);
  samples.push_back(ms);
}

void StreamMeters::chunk(int tokens, double ms) {
  const std::lock_guard lock(mutex_);
  add(now_.chunk_ms, ms);
  if (ms <= 0) return;
  const double speed = tokens * 1000.0 / ms;
  tokens_per_s_ = tokens_per_s_ == 0 ? speed : tokens_per_s_ + newest_share * (speed - tokens_per_s_);
}

void StreamMeters::token(double ms) {
  const std::lock_guard lock(mutex_);
  add(now_.token_ms, ms);
}

void StreamMeters::set(const StreamFigures& figures) {
  const std::lock_guard lock(mutex_);
  now_.figures = figures;
}

double StreamMeters::tokens_per_s() const {
  const std::lock_guard lock(mutex_);
  return tokens_per_s_;
}

StreamMeters::Taken StreamMeters::take() {
  const std::lock_guard lock(mutex_);
  Taken taken{now_.figures, std::exchange(now_.chunk_ms, {}), std::exchange(now_.token_ms, {})};
  taken.figures.tokens_per_s = tokens_per_s_;
  return taken;
}

}  // namespace catena::app
