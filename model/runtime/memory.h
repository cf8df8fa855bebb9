// How much memory numbers take, counted where it is allocated, so that "flat memory" is a measurement and not a claim.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace catena::model {

struct MemoryCounters {
  std::size_t bytes_now = 0;      ///< held by numeric buffers at this moment
  std::size_t bytes_peak = 0;     ///< the most held since the start or reset_memory_peak()
  std::uint64_t allocations = 0;  ///< buffers allocated since the start
};

/// Thread-safe. Counts every CountingAllocator, and whatever is reported through note_allocation().
MemoryCounters memory_counters();
void reset_memory_peak();

/// For allocators that live elsewhere (LibTorch's). Lock-free, from any thread.
void note_allocation(std::size_t bytes) noexcept;
void note_release(std::size_t bytes) noexcept;

/// Resident size of this process in bytes; 0 where the system does not tell.
std::size_t resident_bytes();

/// How often this thread has called operator new since it started. Referring to it links in the counting
/// operator new; under sanitizers, which need their own, heap_is_counted() is false and the count stays 0.
std::uint64_t thread_heap_allocations() noexcept;
bool heap_is_counted() noexcept;

/// 64-byte aligned (a cache line, and the widest vector), counted.
template <typename T>
struct CountingAllocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  CountingAllocator() = default;
  template <typename U>
  CountingAllocator(const CountingAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    void* memory = ::operator new(count * sizeof(T), alignment);
    note_allocation(count * sizeof(T));
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    note_release(count * sizeof(T));
    ::operator delete(memory, alignment);
  }
  template <typename U>
  bool operator==(const CountingAllocator<U>&) const noexcept {
    return true;
  }
};

template <typename T>
using CountedVector = std::vector<T, CountingAllocator<T>>;

/// Zero-initialised, aligned floats: every activation, state and weight of the runtime.
using Buffer = CountedVector<float>;

}  // namespace catena::model
