#include "model/train/batches.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace catena::model {

Batches::Batches(std::vector<std::shared_ptr<const TokenFile>> files, std::vector<double> weights, int batch,
                 int segment, double mean_run, std::uint64_t seed, int first)
    : files_(std::move(files)),
      weights_(std::move(weights)),
      segment_(segment),
      mean_run_(mean_run),
      seed_(seed),
      first_(first),
      lanes_(static_cast<std::size_t>(batch)) {
  for (const auto& file : files_) {
    if (static_cast<std::int64_t>(file->tokens().size()) < segment_ + 1) {
      throw std::runtime_error("a training source holds " + std::to_string(file->tokens().size()) +
                               " tokens, fewer than one segment of " + std::to_string(segment_) +
                               "; use a smaller segment");
    }
  }
}

void Batches::start_elsewhere(std::size_t index) {
  Lane& lane = lanes_[index];
  // A generator of its own for each start: a resumed run draws what an uninterrupted one would have drawn.
  std::seed_seq seq{seed_, static_cast<std::uint64_t>(index) + static_cast<std::uint64_t>(first_),
                    static_cast<std::uint64_t>(lane.starts)};
  std::mt19937_64 random(seq);
  lane.starts += 1;
  lane.source = std::discrete_distribution<std::int64_t>(weights_.begin(), weights_.end())(random);
  const auto size = static_cast<std::int64_t>(files_[static_cast<std::size_t>(lane.source)]->tokens().size());
  lane.offset = std::uniform_int_distribution<std::int64_t>(0, size - segment_ - 1)(random);
  const double run = std::exponential_distribution<double>(1.0 / mean_run_)(random);
  lane.remaining = std::max<std::int64_t>(1, std::llround(run / static_cast<double>(segment_))) * segment_;
}

Batch Batches::next() {
  Batch batch;
  batch.tokens.reserve(lanes_.size() * static_cast<std::size_t>(segment_ + 1));
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    const bool elsewhere =
        lane.remaining < segment_ ||
        lane.offset + segment_ + 1 >
            static_cast<std::int64_t>(files_[static_cast<std::size_t>(lane.source)]->tokens().size());
    if (elsewhere) start_elsewhere(i);
    batch.cleared.push_back(elsewhere);
    const auto tokens = files_[static_cast<std::size_t>(lane.source)]->tokens();
    for (std::int64_t t = 0; t <= segment_; ++t)
      batch.tokens.push_back(tokens[static_cast<std::size_t>(lane.offset + t)]);
    lane.offset += segment_;
    lane.remaining -= segment_;
  }
  return batch;
}

}  // namespace catena::model
