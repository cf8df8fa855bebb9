// Fork and join: one piece of work split over a few threads that sleep in between.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace catena::model {

/// Belongs to one thread, which takes part in the work. run() neither allocates nor lets an exception out of a worker:
/// the work must not throw. Idle workers wait in the kernel; they never spin.
class ThreadPool {
 public:
  /// threads counts the caller; 1 starts none.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls work(part) for part = 0 .. threads()-1, each on a thread of its own, and waits for all.
  template <typename Work>
  void run(const Work& work) {
    dispatch([](const void* context, int part) { (*static_cast<const Work*>(context))(part); }, &work);
  }

  /// As run(), with the range [0, count) cut into one piece a thread: work(begin, end). Below `least` it is one piece
  /// on this thread.
  template <typename Work>
  void split(int count, int least, const Work& work) {
    if (workers_.empty() || count < least) {
      work(0, count);
      return;
    }
    const int parts = threads();
    run([&](int part) {
      const auto cut = [&](int p) { return static_cast<int>(static_cast<std::int64_t>(count) * p / parts); };
      if (cut(part) < cut(part + 1)) work(cut(part), cut(part + 1));
    });
  }

 private:
  using Call = void (*)(const void*, int);
  void dispatch(Call call, const void* context);
  void worker(int part);
  void stop();

  std::vector<std::thread> workers_;
  Call call_ = nullptr;
  const void* context_ = nullptr;
  alignas(64) std::atomic<std::uint32_t> round_{0};
  alignas(64) std::atomic<int> running_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace catena::model
