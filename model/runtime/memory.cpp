#include "model/runtime/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace catena::model {
namespace {

std::atomic<std::size_t> bytes_now{0};
std::atomic<std::size_t> bytes_peak{0};
std::atomic<std::uint64_t> allocations{0};

constinit thread_local std::uint64_t heap_allocations = 0;

}  // namespace

MemoryCounters memory_counters() {
  return {bytes_now.load(std::memory_order_relaxed), bytes_peak.load(std::memory_order_relaxed),
          allocations.load(std::memory_order_relaxed)};
}

void reset_memory_peak() { bytes_peak.store(bytes_now.load()); }

void note_allocation(std::size_t bytes) noexcept {
  const std::size_t now = bytes_now.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  allocations.fetch_add(1, std::memory_order_relaxed);
  std::size_t peak = bytes_peak.load(std::memory_order_relaxed);
  while (peak < now && !bytes_peak.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void note_release(std::size_t bytes) noexcept { bytes_now.fetch_sub(bytes, std::memory_order_relaxed); }

std::size_t resident_bytes() {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128] = {};
  const ssize_t length = ::read(file, text, sizeof text - 1);
  ::close(file);
  unsigned long long total = 0;
  unsigned long long resident = 0;
  if (length <= 0 || std::sscanf(text, "%llu %llu", &total, &resident) != 2) return 0;
  return static_cast<std::size_t>(resident) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t thread_heap_allocations() noexcept { return heap_allocations; }

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

bool heap_is_counted() noexcept { return false; }

}  // namespace catena::model

#else

bool heap_is_counted() noexcept { return true; }

}  // namespace catena::model

// The remaining forms (arrays, nothrow) end in these by the standard's rules.
void* operator new(std::size_t size) {
  ++catena::model::heap_allocations;
  for (;;) {
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  ++catena::model::heap_allocations;
  const auto step = static_cast<std::size_t>(alignment);
  for (;;) {
    if (void* memory = std::aligned_alloc(step, (size + step - 1) / step * step)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

#endif
