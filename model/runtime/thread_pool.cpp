#include "model/runtime/thread_pool.h"

#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace catena::model {
namespace {

constexpr std::uint32_t open = 1;
constexpr std::uint32_t one_inside = 2;

// Reading a chunk is some fifty pieces of work of about 50 microseconds, and being woken takes as long again. So
// whoever has just worked looks a moment for more before it sleeps.
constexpr std::chrono::microseconds look_for{60};

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

/// Waits until value is not `old`.
template <typename T>
void wait_a_moment(const std::atomic<T>& value, T old) {
  const auto until = std::chrono::steady_clock::now() + look_for;
  do {
    for (int i = 0; i < 32; ++i) {
      if (value.load(std::memory_order_acquire) != old) return;
      pause();
    }
  } while (std::chrono::steady_clock::now() < until);
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  workers_.reserve(static_cast<std::size_t>(threads - 1));
  try {
    for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { worker(thread); });
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping_.store(true);
  round_.fetch_add(1);
  round_.notify_all();
  for (std::thread& thread : workers_) thread.join();
}

void ThreadPool::dispatch(Call call, const void* context, int parts) {
  call_ = call;
  context_ = context;
  parts_ = parts;
  next_.store(0, std::memory_order_relaxed);
  gate_.store(open, std::memory_order_release);  // publishes the above to whoever enters
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  take_parts(0);
  // Shut, then wait only for those who did come.
  std::uint32_t gate = gate_.fetch_and(~open, std::memory_order_acq_rel) & ~open;
  while (gate != 0) {
    wait_a_moment(gate_, gate);
    gate = gate_.load(std::memory_order_acquire);
  }
}

void ThreadPool::take_parts(int thread) {
  for (int part = next_.fetch_add(1, std::memory_order_relaxed); part < parts_;
       part = next_.fetch_add(1, std::memory_order_relaxed)) {
    call_(context_, part, thread);
  }
}

bool ThreadPool::enter() {
  std::uint32_t gate = gate_.load(std::memory_order_relaxed);
  while ((gate & open) != 0) {
    if (gate_.compare_exchange_weak(gate, gate + one_inside, std::memory_order_acq_rel)) return true;
  }
  return false;
}

void ThreadPool::leave() {
  if (gate_.fetch_sub(one_inside, std::memory_order_acq_rel) == one_inside) gate_.notify_one();
}

void ThreadPool::worker(int thread) {
  std::uint32_t seen = 0;
  for (;;) {
    wait_a_moment(round_, seen);
    seen = round_.load(std::memory_order_acquire);
    if (stopping_.load()) return;
    if (!enter()) continue;
    take_parts(thread);
    leave();
  }
}

}  // namespace catena::model
