#include "app/session/reader.h"

#include <algorithm>

namespace catena::app {
namespace {
// Read between two looks at the clock: about half a chunk of code, a few milliseconds.
constexpr std::size_t piece_bytes = 256;
}  // namespace

bool Reader::edited(std::size_t at, std::size_t removed, std::size_t inserted) {
  if (base_ > 0 && at + removed <= base_) {
    base_ = base_ - removed + inserted;
    return base_ > 0;  // a window that has come to begin at the start would pass for the whole
  }
  if (at < base_) return false;
  stream_.rewind_to(static_cast<std::int64_t>(at - base_));
  return true;
}

std::optional<std::size_t> Reader::start_for(std::size_t target) const {
  if (target < base_) return std::nullopt;
  if (target >= rests_on()) return position();
  const model::Checkpoint* mark = stream_.marks().at_or_before(static_cast<std::int64_t>(target - base_));
  if (mark == nullptr) return std::nullopt;
  return base_ + static_cast<std::size_t>(mark->bytes);
}

bool Reader::go_to(const TextMirror& text, std::size_t target, Clock::time_point deadline,
                   const std::stop_token& stop) {
  target = std::min(target, text.size());
  if (target < rests_on()) stream_.rewind_to(static_cast<std::int64_t>(target - base_));
  while (position() < target) {
    if (stop.stop_requested()) return false;
    text.visit(position(), std::min(target, position() + piece_bytes),
               [&](std::string_view piece) { stream_.feed(piece); });
    if (Clock::now() >= deadline) break;
  }
  return position() == target;
}

}  // namespace catena::app
