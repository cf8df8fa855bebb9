// Keeps a fixed number of checkpoints of a stream, close together near its end and ever farther apart behind, so that
// going back d tokens re-reads about d tokens however long the stream is, in memory that does not grow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/chain_state.h"
#include "model/text/boundary.h"
#include "model/text/context_table.h"

namespace catena::model {

/// A stream at a moment. Value type; what rewinding needs.
struct Checkpoint {
  ChainState state;
  std::int64_t bytes = 0;    ///< text bytes that the state has read
  std::int64_t proof = 0;    ///< the state follows from this many bytes (a segment's end is known from what follows it)
  LineStart line;            ///< of the last byte read
  std::string pending;       ///< bytes behind those, not yet read
  std::uint64_t serial = 0;  ///< counts a stream's automatic checkpoints: tells which are older than this one
  RecentTokens recent = {};  ///< the last ones read; not saved, since they only help to guess
};

class Marks {
 public:
  static constexpr std::size_t default_limit = 24;

  /// `limit` (at least 3): checkpoints kept. The oldest and the newest are always among them.
  explicit Marks(std::size_t limit = default_limit);

  /// Adds a checkpoint behind all others, copied from these parts; `pending` stays empty. Once the limit is reached it
  /// reuses the memory of the checkpoint that is missed least.
  void add(const ChainState& state, std::int64_t bytes, std::int64_t proof, const LineStart& line,
           const RecentTokens& recent = {});
  /// Adds one that was saved.
  void add(Checkpoint checkpoint);
  /// The serial number of the newest checkpoint ever added.
  std::uint64_t serial() const { return serial_; }

  /// The newest checkpoint that text up to byte `p` settles; nullptr when there is none.
  const Checkpoint* at_or_before(std::int64_t p) const;
  /// Forgets the checkpoints that rest on bytes behind `p`.
  void drop_after(std::int64_t p);
  /// Forgets the checkpoints that were added after this number.
  void drop_newer(std::uint64_t serial);
  void clear() { marks_.clear(); }

  const std::vector<Checkpoint>& all() const { return marks_; }  ///< oldest first
  std::vector<Checkpoint>& all() { return marks_; }
  std::size_t limit() const { return limit_; }
  std::size_t bytes() const;  ///< of all checkpoints

 private:
  /// The inner checkpoint whose loss widens a gap least, measured against the gap's distance from the end.
  std::size_t least_missed() const;

  std::size_t limit_;
  std::uint64_t serial_ = 0;
  std::vector<Checkpoint> marks_;
};

}  // namespace catena::model
