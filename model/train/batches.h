// Reads packed token files as B endless streams: a stream reads on where it was, and now and then starts elsewhere.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "model/config.h"
#include "model/text/token_file.h"

namespace catena::model {

/// One step's worth of tokens, [batch][segment + 1] row after row: the inputs are the first `segment` of a row, the
/// targets the last. cleared[b]: stream b started elsewhere and its state must be cleared.
struct Batch {
  std::vector<std::int64_t> tokens;
  std::vector<bool> cleared;
};

/// Deterministic for a seed; its position can be saved and restored.
class Batches {
 public:
  struct Lane {
    std::int64_t source = -1;
    std::int64_t offset = 0;     ///< next token of the source
    std::int64_t remaining = 0;  ///< tokens left before the stream starts elsewhere
    std::int64_t starts = 0;     ///< how often it has started
  };

  /// files and weights: the sources. `first`: number of the first stream, where other processes read the ones before.
  /// Throws std::runtime_error when a file is shorter than one segment.
  Batches(std::vector<std::shared_ptr<const TokenFile>> files, std::vector<double> weights, int batch, int segment,
          double mean_run, std::uint64_t seed, int first = 0);

  Batch next();

  std::vector<Lane>& lanes() { return lanes_; }

 private:
  void start_elsewhere(std::size_t lane);

  std::vector<std::shared_ptr<const TokenFile>> files_;
  std::vector<double> weights_;
  std::int64_t segment_;
  double mean_run_;
  std::uint64_t seed_;
  int first_;
  std::vector<Lane> lanes_;
};

}  // namespace catena::model
