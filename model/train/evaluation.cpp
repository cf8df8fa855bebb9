#include "model/train/evaluation.h"

#include <cmath>

namespace catena::model {

double PositionBucket::bits_per_byte() const {
  return bytes == 0 ? 0 : nll / std::log(2.0) / static_cast<double>(bytes);
}
double PositionBucket::nats_per_token() const { return tokens == 0 ? 0 : nll / static_cast<double>(tokens); }

Evaluation::Evaluation() {
  for (std::size_t i = 0; i + 1 < kPositionBounds.size(); ++i) {
    buckets.push_back({kPositionBounds[i], kPositionBounds[i + 1], 0, 0, 0});
  }
}

void Evaluation::add(std::int64_t position, std::int64_t bytes, double nll) {
  for (PositionBucket& bucket : buckets) {
    if (position >= bucket.first && position < bucket.last) {
      bucket.tokens += 1;
      bucket.bytes += bytes;
      bucket.nll += nll;
    }
  }
}

PositionBucket Evaluation::from(std::int64_t position) const {
  PositionBucket sum{position, buckets.back().last, 0, 0, 0};
  for (const PositionBucket& bucket : buckets) {
    if (bucket.first < position) continue;
    sum.tokens += bucket.tokens;
    sum.bytes += bucket.bytes;
    sum.nll += bucket.nll;
  }
  return sum;
}

}  // namespace catena::model
