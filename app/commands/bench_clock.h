// What the benches of single products and steps tell time by.
#pragma once

#include <chrono>
#include <ctime>

namespace catena::app {

/// Seconds since some moment. With one thread this thread's processor time, which other programs on the machine
/// lengthen least; with more the wall clock.
inline double bench_seconds(int threads) {
  if (threads > 1) return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

inline const char* bench_clock_name(int threads) { return threads > 1 ? "wall" : "processor"; }

}  // namespace catena::app
