// A series of measurements over a whole day in bounded memory.
//
// New samples stand alone; as they age, neighbours are merged into one that keeps minimum, maximum and mean. Each tier
// holds a fixed number of samples, `factor` times coarser than the one before; the last tier merges in place when full.
#pragma once

#include <QtGlobal>
#include <deque>
#include <vector>

namespace catena::ui {

struct MergedSample {
  qint64 start_ms = 0;
  qint64 end_ms = 0;
  double min = 0;
  double max = 0;
  double sum = 0;
  qint64 count = 0;
  double mean() const { return count > 0 ? sum / static_cast<double>(count) : 0; }
  void merge(const MergedSample& later);
};

class SampleRing {
 public:
  explicit SampleRing(int tiers = 4, int per_tier = 2048, int factor = 8);

  /// Times must not go backwards; an earlier one is taken as the latest.
  void add(qint64 time_ms, double value);
  void clear();

  bool empty() const { return count_ == 0; }
  qint64 count() const { return count_; }  ///< samples ever added
  qint64 firstMs() const { return first_ms_; }
  qint64 lastMs() const { return last_ms_; }
  double last() const { return last_; }
  int storedSamples() const;

  /// Samples that overlap [from, to], oldest first.
  std::vector<MergedSample> range(qint64 from_ms, qint64 to_ms) const;
  /// Everything in [from, to] as `n` columns of equal width; columns without samples have count 0.
  std::vector<MergedSample> columns(qint64 from_ms, qint64 to_ms, int n) const;

 private:
  void push(std::size_t tier, const MergedSample& sample);

  std::size_t per_tier_;
  std::size_t factor_;
  std::vector<std::deque<MergedSample>> tiers_;  // [0] is the newest and finest
  qint64 count_ = 0;
  qint64 first_ms_ = 0;
  qint64 last_ms_ = 0;
  double last_ = 0;
};

enum class Trend { unknown, flat, growing, falling };

/// Compares the mean of the first tenth of the time with that of the last tenth; `tolerance` is relative. What lies
/// before `since_ms` does not count.
Trend trendOf(const SampleRing& ring, double tolerance = 0.05, qint64 since_ms = 0);

}  // namespace catena::ui
