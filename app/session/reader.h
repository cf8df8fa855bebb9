// A stream that reads along in a document from some place on, and knows how far it has come.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>

#include "app/session/text_mirror.h"
#include "model/text/text_stream.h"

namespace catena::app {

using Clock = std::chrono::steady_clock;

/// The promise: the stream has read the document's head and then exactly the text [base, position). With base = 0 it is
/// in the state of a fresh stream over the same text; a larger base makes it a window that knows nothing earlier.
class Reader {
 public:
  /// `stream` has read nothing but the document's head.
  Reader(model::TextStream stream, std::size_t base) : base_(base), stream_(std::move(stream)) {}

  std::size_t base() const { return base_; }
  std::size_t position() const { return base_ + static_cast<std::size_t>(stream_.bytes()); }
  /// How far into the text what was read reaches: behind the position after going back to a mark.
  std::size_t rests_on() const { return base_ + static_cast<std::size_t>(stream_.rests_on()); }
  /// It has read the text before `place` and knows nothing of what follows.
  bool stands_at(std::size_t place) const { return position() == place && rests_on() == place; }
  model::TextStream& stream() { return stream_; }
  const model::TextStream& stream() const { return stream_; }

  /// The text was changed at `at`: what rests on it is taken back. False when nothing of the reader is of use any more.
  bool edited(std::size_t at, std::size_t removed, std::size_t inserted);

  /// Where reading would have to start to come to stand at `target`: the position itself, or the nearest mark before.
  /// Nothing for a place before the base.
  std::optional<std::size_t> start_for(std::size_t target) const;

  /// Goes to `target` (at or behind the base) as far as the time allows; a mark is used to go back. Reads at least one
  /// piece. Returns whether it stands there.
  bool go_to(const TextMirror& text, std::size_t target, Clock::time_point deadline, const std::stop_token& stop = {});

 private:
  std::size_t base_;
  model::TextStream stream_;
};

}  // namespace catena::app
