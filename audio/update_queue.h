// Updates on their way from the audio worker to whoever shows them: bounded, and nothing is lost while it is polled.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "audio/sound_update.h"

namespace catena::audio {

/// Single queue with a lock, which is fine here: neither side is the audio callback. Memory is bounded: when the taker
/// stays away, new updates are merged into the newest one, and what exceeds kMostKept there is dropped, oldest first,
/// and counted in SoundUpdate::skipped.
class UpdateQueue {
 public:
  static constexpr std::size_t kMostKept = 3000;  ///< entries of each list of a merged update: 30 s of frames

  explicit UpdateQueue(std::size_t capacity) : capacity_(capacity) {}

  /// wait: when full, waits for room (a file that is read as fast as possible) unless let_through() was called.
  void push(SoundUpdate update, bool wait);
  /// Ends and forbids waiting in push(), until hold_back().
  void let_through();
  void hold_back();
  /// All that is there, oldest first.
  std::vector<SoundUpdate> take();

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<SoundUpdate> updates_;
  bool waiting_allowed_ = true;
};

}  // namespace catena::audio
