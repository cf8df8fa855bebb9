// Fork and join: one piece of work shared by a few threads that sleep in between.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace catena::model {

/// Belongs to one thread, which takes part in the work. Whoever is awake takes the next part, so a worker that the
/// system has not woken yet holds nobody up. run() neither allocates nor lets an exception out of a worker: the work
/// must not throw. Workers look for more work for 60 microseconds, then wait in the kernel: idle ones cost nothing.
class ThreadPool {
 public:
  /// threads counts the caller; 1 starts none.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls work(part, thread) for part = 0 .. parts-1 and returns when all are done; thread < threads() tells which
  /// scratch memory is free.
  template <typename Work>
  void run(int parts, const Work& work) {
    dispatch([](const void* context, int part, int thread) { (*static_cast<const Work*>(context))(part, thread); },
             &work, parts);
  }

  /// Cuts the range [0, count) into pieces and calls work(begin, end) for each. On this thread alone when it is not
  /// `worth_sharing`.
  template <typename Work>
  void split(int count, bool worth_sharing, const Work& work) {
    split_by_thread(count, worth_sharing, [&](int begin, int end, int) { work(begin, end); });
  }

  /// The same with work(begin, end, thread).
  template <typename Work>
  void split_by_thread(int count, bool worth_sharing, const Work& work) {
    if (workers_.empty() || !worth_sharing || count < 2) {
      if (count > 0) work(0, count, 0);
      return;
    }
    const int parts = std::min(count, pieces_a_thread * threads());
    run(parts, [&](int part, int thread) {
      const auto cut = [&](int p) { return static_cast<int>(static_cast<std::int64_t>(count) * p / parts); };
      work(cut(part), cut(part + 1), thread);
    });
  }

  /// Enough that a thread which starts late or is interrupted leaves its share to the others.
  static constexpr int pieces_a_thread = 4;

 private:
  using Call = void (*)(const void* context, int part, int thread);
  void dispatch(Call call, const void* context, int parts);
  void take_parts(int thread);
  bool enter();
  void leave();
  void worker(int thread);
  void stop();

  std::vector<std::thread> workers_;
  // Written by the owner while the gate is shut and nobody is inside.
  Call call_ = nullptr;
  const void* context_ = nullptr;
  int parts_ = 0;
  std::atomic<bool> stopping_{false};
  alignas(64) std::atomic<std::uint32_t> round_{0};  // what idle workers wait on
  alignas(64) std::atomic<std::uint32_t> gate_{0};   // bit 0: open; above: workers inside
  alignas(64) std::atomic<int> next_{0};             // the next part nobody has taken
};

}  // namespace catena::model
