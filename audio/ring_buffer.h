// The one place where the audio callback and the rest of the program meet: a ring of samples without locks.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace catena::audio {

/// Single-producer single-consumer ring of float samples.
///
/// One thread writes (the audio callback), one other thread reads. Both sides are wait-free: no lock, no loop that
/// waits, no allocation after construction. What does not fit is dropped and counted, so the producer never waits.
///
/// Positions count samples since construction and never wrap in practice (64 bits); the slot is position modulo
/// capacity. Memory order: the producer publishes samples with a release store of `write_position_`, and the consumer's
/// acquire load of it makes those samples visible before they are copied out. The consumer frees slots with a release
/// store of `read_position_` after copying, and the producer's acquire load of it makes sure that the copy is over
/// before the slot is overwritten. Each side reads its own position relaxed, since nobody else writes it, and keeps a
/// copy of the other side's so that the shared cache line is touched only when the copy no longer suffices.
class RingBuffer {
 public:
  /// Holds at least `samples` samples (rounded up to a power of two).
  explicit RingBuffer(std::size_t samples)
      : capacity_(std::bit_ceil(std::max<std::size_t>(samples, 2))), slots_(new float[capacity_]()) {}

  RingBuffer(const RingBuffer&) = delete;
  RingBuffer& operator=(const RingBuffer&) = delete;

  std::size_t capacity() const { return capacity_; }

  // Writer only.

  /// Appends as many samples as fit and returns how many that were; the rest is counted as dropped.
  std::size_t write(std::span<const float> samples) noexcept {
    const std::uint64_t position = write_position_.load(std::memory_order_relaxed);
    if (capacity_ - (position - writer_read_position_) < samples.size()) {
      writer_read_position_ = read_position_.load(std::memory_order_acquire);
    }
    const std::size_t room = capacity_ - static_cast<std::size_t>(position - writer_read_position_);
    const std::size_t count = std::min(samples.size(), room);
    const std::size_t start = static_cast<std::size_t>(position) & (capacity_ - 1);
    const std::size_t first = std::min(count, capacity_ - start);
    std::copy_n(samples.data(), first, slots_.get() + start);
    std::copy_n(samples.data() + first, count - first, slots_.get());
    write_position_.store(position + count, std::memory_order_release);
    if (count < samples.size()) {
      dropped_.fetch_add(samples.size() - count, std::memory_order_relaxed);
      overruns_.fetch_add(1, std::memory_order_relaxed);
    }
    return count;
  }

  // Reader only.

  /// Takes up to `out.size()` of the oldest samples and returns how many that were.
  std::size_t read(std::span<float> out) noexcept {
    const std::uint64_t position = read_position_.load(std::memory_order_relaxed);
    if (reader_write_position_ - position < out.size()) {
      reader_write_position_ = write_position_.load(std::memory_order_acquire);
    }
    const std::size_t count = std::min(out.size(), static_cast<std::size_t>(reader_write_position_ - position));
    const std::size_t start = static_cast<std::size_t>(position) & (capacity_ - 1);
    const std::size_t first = std::min(count, capacity_ - start);
    std::copy_n(slots_.get() + start, first, out.data());
    std::copy_n(slots_.get(), count - first, out.data() + first);
    read_position_.store(position + count, std::memory_order_release);
    return count;
  }

  // Any thread. Each figure is exact for some moment during the call.

  /// Samples waiting to be read.
  std::size_t size() const noexcept {
    const std::uint64_t read = read_position_.load(std::memory_order_acquire);
    const std::uint64_t written = write_position_.load(std::memory_order_acquire);
    return static_cast<std::size_t>(std::min<std::uint64_t>(written - read, capacity_));
  }
  /// Samples that did not fit.
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  /// Writes that did not fit completely.
  std::uint64_t overruns() const noexcept { return overruns_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kCacheLine = 64;

  const std::size_t capacity_;
  const std::unique_ptr<float[]> slots_;

  // Written by the producer.
  alignas(kCacheLine) std::atomic<std::uint64_t> write_position_{0};
  std::uint64_t writer_read_position_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> overruns_{0};

  // Written by the consumer.
  alignas(kCacheLine) std::atomic<std::uint64_t> read_position_{0};
  std::uint64_t reader_write_position_ = 0;
  [[maybe_unused]] char padding_[kCacheLine - sizeof(std::uint64_t)] = {};
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "the audio callback must not meet a lock");

}  // namespace catena::audio
