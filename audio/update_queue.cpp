#include "audio/update_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace catena::audio {

namespace {

// Returns how many of the oldest had to go.
template <typename T>
std::uint64_t append_bounded(std::vector<T>& kept, std::vector<T>& added) {
  std::move(added.begin(), added.end(), std::back_inserter(kept));
  const std::size_t excess = kept.size() - std::min(kept.size(), UpdateQueue::kMostKept);
  kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(excess));
  return excess;
}

// Makes `kept` the update that covers both.
void merge(SoundUpdate& kept, SoundUpdate added) {
  SoundUpdate older = std::exchange(kept, std::move(added));
  std::swap(older.log_mel, kept.log_mel);
  std::swap(older.segments, kept.segments);
  std::swap(older.chunks, kept.chunks);
  std::swap(older.events, kept.events);
  kept.skipped += older.skipped;
  kept.skipped += append_bounded(kept.log_mel, older.log_mel);
  kept.skipped += append_bounded(kept.segments, older.segments);
  kept.skipped += append_bounded(kept.chunks, older.chunks);
  kept.skipped += append_bounded(kept.events, older.events);
  kept.peak_dbfs = std::max(kept.peak_dbfs, older.peak_dbfs);
  kept.clipped = kept.clipped || older.clipped;
  kept.buffer_fill = std::max(kept.buffer_fill, older.buffer_fill);
  kept.latency_ms = std::max(kept.latency_ms, older.latency_ms);
}

}  // namespace

void UpdateQueue::push(SoundUpdate update, bool wait) {
  std::unique_lock lock(mutex_);
  if (wait) {
    room_.wait(lock, [this] { return updates_.size() < capacity_ || !waiting_allowed_; });
  }
  // Updates of different streams stay apart, so that the last one of a stream is seen as such.
  if (updates_.size() >= capacity_ && updates_.back().stream == update.stream) {
    merge(updates_.back(), std::move(update));
  } else {
    updates_.push_back(std::move(update));
  }
}

void UpdateQueue::let_through() {
  {
    const std::lock_guard lock(mutex_);
    waiting_allowed_ = false;
  }
  room_.notify_all();
}

void UpdateQueue::hold_back() {
  const std::lock_guard lock(mutex_);
  waiting_allowed_ = true;
}

std::vector<SoundUpdate> UpdateQueue::take() {
  std::vector<SoundUpdate> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.assign(std::make_move_iterator(updates_.begin()), std::make_move_iterator(updates_.end()));
    updates_.clear();
  }
  room_.notify_all();
  return taken;
}

}  // namespace catena::audio
