// What the loudspeaker gets, on its way to the echo canceller, with the time at which it is heard.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "audio/ring_buffer.h"

namespace catena::audio {

/// One player at a time writes, one microphone's thread reads; neither waits for the other. Two seconds are kept: what
/// a reader leaves there longer is lost, and the times of what follows say so.
class FarEnd {
 public:
  /// Of the samples, Hz.
  explicit FarEnd(int rate) : rate_(rate), ring_(static_cast<std::size_t>(kSeconds * rate)) {}

  int rate() const { return rate_; }

  /// The audio callback's side: mono samples, silence included, the first of which is heard at this time (nanoseconds
  /// of the steady clock). Neither allocates nor waits.
  void play(std::span<const float> samples, std::int64_t heard_at_ns, std::int64_t now_ns) noexcept {
    zero_ns_.store(heard_at_ns - duration_ns(written_), std::memory_order_relaxed);
    ahead_ns_.store(heard_at_ns - now_ns, std::memory_order_relaxed);
    written_ += ring_.write(samples);
    begun_.store(true, std::memory_order_release);
  }

  // The reader's side.

  std::size_t read(std::span<float> out) noexcept { return ring_.read(out); }
  bool begun() const noexcept { return begun_.load(std::memory_order_acquire); }
  /// When the very first sample would have been heard if all had come without a gap, by the latest callback: sample i,
  /// counted over all that was read, is heard i / rate() later.
  std::int64_t zero_ns() const noexcept { return zero_ns_.load(std::memory_order_relaxed); }
  /// The loudspeaker's latency: from play() to being heard.
  std::int64_t ahead_ns() const noexcept { return ahead_ns_.load(std::memory_order_relaxed); }

 private:
  static constexpr int kSeconds = 2;

  std::int64_t duration_ns(std::uint64_t samples) const noexcept {
    return static_cast<std::int64_t>(static_cast<double>(samples) * 1e9 / rate_);
  }

  const int rate_;
  RingBuffer ring_;
  std::uint64_t written_ = 0;  // the writer's
  std::atomic<std::int64_t> zero_ns_{0};
  std::atomic<std::int64_t> ahead_ns_{0};
  std::atomic<bool> begun_{false};
};

}  // namespace catena::audio
