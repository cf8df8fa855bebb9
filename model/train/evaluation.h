// Bits per byte of held-out text, by position in the stream.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace catena::model {

class TokenFile;

/// Position ranges of a stream, in tokens: the first chunk, then growing distances.
inline constexpr std::array<std::int64_t, 6> kPositionBounds = {0, 128, 1024, 4096, 16384, 65536};

struct PositionBucket {
  std::int64_t first = 0, last = 0;  ///< positions [first, last)
  std::int64_t tokens = 0;
  std::int64_t bytes = 0;
  double nll = 0;  ///< sum, nats

  double bits_per_byte() const;
  double nats_per_token() const;
};

struct Evaluation {
  std::string name;
  std::vector<PositionBucket> buckets;  ///< one a range of kPositionBounds

  Evaluation();
  /// Adds one token of `bytes` bytes at a position of its stream. Positions past the last bound are not counted.
  void add(std::int64_t position, std::int64_t bytes, double nll);
  /// Everything from the given position on (0: the whole).
  PositionBucket from(std::int64_t position) const;
};

}  // namespace catena::model
