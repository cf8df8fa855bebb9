#include "ui/charts/latency_distribution.h"

#include <algorithm>
#include <cmath>

namespace catena::ui {
namespace {

constexpr double smallest_ms = 1e-3;
constexpr double largest_ms = 1e6;
const double step = std::log(1.02);
const int bucket_count = static_cast<int>(std::log(largest_ms / smallest_ms) / step) + 1;

int bucketOf(double ms) {
  if (ms <= smallest_ms) return 0;
  return std::min(bucket_count - 1, static_cast<int>(std::log(ms / smallest_ms) / step));
}

double middleOf(int bucket) { return smallest_ms * std::exp((bucket + 0.5) * step); }

}  // namespace

LatencyDistribution::LatencyDistribution() : buckets_(static_cast<std::size_t>(bucket_count), 0) {}

void LatencyDistribution::add(double milliseconds) {
  if (!std::isfinite(milliseconds) || milliseconds < 0) return;
  min_ = count_ == 0 ? milliseconds : std::min(min_, milliseconds);
  max_ = count_ == 0 ? milliseconds : std::max(max_, milliseconds);
  ++count_;
  ++buckets_[static_cast<std::size_t>(bucketOf(milliseconds))];
}

void LatencyDistribution::clear() { *this = LatencyDistribution(); }

double LatencyDistribution::percentileMs(double q) const {
  if (count_ == 0) return 0;
  const auto rank = std::max<qint64>(1, static_cast<qint64>(std::ceil(q * static_cast<double>(count_))));
  qint64 seen = 0;
  for (int i = 0; i < bucket_count; ++i) {
    seen += buckets_[static_cast<std::size_t>(i)];
    if (seen >= rank) return std::clamp(middleOf(i), min_, max_);
  }
  return max_;
}

std::vector<qint64> LatencyDistribution::bars(double from_ms, double to_ms, int n) const {
  std::vector<qint64> bars(static_cast<std::size_t>(std::max(0, n)), 0);
  if (n <= 0 || from_ms <= 0 || to_ms <= from_ms) return bars;
  const double width = std::log(to_ms / from_ms) / n;
  for (int i = 0; i < bucket_count; ++i) {
    const qint64 count = buckets_[static_cast<std::size_t>(i)];
    if (count == 0) continue;
    const int bar = static_cast<int>(std::floor(std::log(middleOf(i) / from_ms) / width));
    bars[static_cast<std::size_t>(std::clamp(bar, 0, n - 1))] += count;
  }
  return bars;
}

}  // namespace catena::ui
