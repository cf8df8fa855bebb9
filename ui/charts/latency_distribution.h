// Counts of latencies in logarithmic buckets 2 % apart: percentiles of any number of samples in constant memory.
#pragma once

#include <QtGlobal>
#include <vector>

namespace catena::ui {

class LatencyDistribution {
 public:
  LatencyDistribution();

  void add(double milliseconds);
  void clear();

  qint64 count() const { return count_; }
  double minMs() const { return min_; }
  double maxMs() const { return max_; }
  /// Within 2 % of the true value; 0 without samples. `q` from 0 to 1.
  double percentileMs(double q) const;
  /// Counts of `n` bars between two latencies, equally wide on a logarithmic axis.
  std::vector<qint64> bars(double from_ms, double to_ms, int n) const;

 private:
  std::vector<qint64> buckets_;
  qint64 count_ = 0;
  double min_ = 0;
  double max_ = 0;
};

}  // namespace catena::ui
