#include "ui/charts/sample_ring.h"

#include <algorithm>
#include <cmath>

namespace catena::ui {

void MergedSample::merge(const MergedSample& later) {
  if (later.count == 0) return;
  if (count == 0) {
    *this = later;
    return;
  }
  end_ms = std::max(end_ms, later.end_ms);
  min = std::min(min, later.min);
  max = std::max(max, later.max);
  sum += later.sum;
  count += later.count;
}

SampleRing::SampleRing(int tiers, int per_tier, int factor)
    : per_tier_(static_cast<std::size_t>(std::max(2, per_tier))),
      factor_(static_cast<std::size_t>(std::max(2, factor))),
      tiers_(static_cast<std::size_t>(std::max(1, tiers))) {}

void SampleRing::add(qint64 time_ms, double value) {
  if (!std::isfinite(value)) return;
  if (count_ == 0) first_ms_ = last_ms_ = time_ms;
  last_ms_ = std::max(last_ms_, time_ms);
  last_ = value;
  ++count_;
  push(0, {last_ms_, last_ms_, value, value, value, 1});
}

void SampleRing::push(std::size_t tier, const MergedSample& sample) {
  std::deque<MergedSample>& samples = tiers_[tier];
  samples.push_back(sample);
  if (samples.size() <= per_tier_) return;
  if (tier + 1 < tiers_.size()) {
    MergedSample merged;
    for (std::size_t i = 0; i < factor_ && !samples.empty(); ++i) {
      merged.merge(samples.front());
      samples.pop_front();
    }
    push(tier + 1, merged);
    return;
  }
  std::deque<MergedSample> half;
  for (std::size_t i = 0; i < samples.size(); i += 2) {
    half.push_back(samples[i]);
    if (i + 1 < samples.size()) half.back().merge(samples[i + 1]);
  }
  samples.swap(half);
}

void SampleRing::clear() {
  for (auto& tier : tiers_) tier.clear();
  count_ = 0;
  first_ms_ = last_ms_ = 0;
  last_ = 0;
}

int SampleRing::storedSamples() const {
  std::size_t n = 0;
  for (const auto& tier : tiers_) n += tier.size();
  return static_cast<int>(n);
}

std::vector<MergedSample> SampleRing::range(qint64 from_ms, qint64 to_ms) const {
  std::vector<MergedSample> found;
  for (auto tier = tiers_.rbegin(); tier != tiers_.rend(); ++tier) {
    auto it = std::lower_bound(tier->begin(), tier->end(), from_ms,
                               [](const MergedSample& s, qint64 t) { return s.end_ms < t; });
    for (; it != tier->end() && it->start_ms <= to_ms; ++it) found.push_back(*it);
  }
  return found;
}

std::vector<MergedSample> SampleRing::columns(qint64 from_ms, qint64 to_ms, int n) const {
  std::vector<MergedSample> columns(static_cast<std::size_t>(std::max(0, n)));
  if (n <= 0 || to_ms <= from_ms) return columns;
  const double scale = static_cast<double>(n) / static_cast<double>(to_ms - from_ms);
  for (const MergedSample& sample : range(from_ms, to_ms)) {
    const double middle = 0.5 * (static_cast<double>(sample.start_ms) + static_cast<double>(sample.end_ms));
    const int column = std::clamp(static_cast<int>((middle - static_cast<double>(from_ms)) * scale), 0, n - 1);
    columns[static_cast<std::size_t>(column)].merge(sample);
  }
  return columns;
}

Trend trendOf(const SampleRing& ring, double tolerance, qint64 since_ms) {
  const qint64 from = std::max(ring.firstMs(), since_ms), span = ring.lastMs() - from;
  if (ring.count() < 10 || span <= 0) return Trend::unknown;
  MergedSample first, last;
  for (const auto& sample : ring.range(from, from + span / 10)) first.merge(sample);
  for (const auto& sample : ring.range(ring.lastMs() - span / 10, ring.lastMs())) last.merge(sample);
  if (first.count == 0 || last.count == 0) return Trend::unknown;
  const double change = last.mean() - first.mean();
  if (std::abs(change) <= tolerance * std::max(std::abs(first.mean()), 1e-9)) return Trend::flat;
  return change > 0 ? Trend::growing : Trend::falling;
}

}  // namespace catena::ui
