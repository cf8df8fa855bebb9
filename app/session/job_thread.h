// A thread with an ordered job queue, and idle work in slices between the jobs. The model thread is one, and the only
// thread that touches the model; starting sound devices and writing session files have one each.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace catena::app {

/// Jobs run one after another in the order in which they were posted. When no job waits, the idle work is called again
/// and again; a call should last a few milliseconds, since a job that arrives meanwhile waits for it.
class JobThread {
 public:
  using Job = std::function<void()>;
  /// One slice of idle work. Returns after how long it wants to be called again if no job comes first; nothing: not
  /// before a job has run.
  using Idle = std::function<std::optional<std::chrono::milliseconds>()>;
  /// Receives, on the new thread, the line of an exception that a job or the idle work threw. Must not throw.
  using Failed = std::function<void(const std::string& line)>;
  /// Jobs that supersede an older one of the same kind and number.
  struct Slot {
    int kind = 0;
    int number = 0;
    bool operator==(const Slot&) const = default;
  };

  JobThread() = default;
  ~JobThread();
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  void start(Failed failed, Idle idle = {});
  /// Runs the jobs that still wait, then ends the thread. Returns when it has ended.
  void stop();

  void post(Job job);
  /// As post(), but a job in the same slot that has not begun is dropped: the newest one is what counts.
  void post_latest(Slot slot, Job job);
  /// Jobs that wait. Any thread.
  int waiting() const;

 private:
  struct Entry {
    Job job;
    std::optional<Slot> slot;
  };
  void run();
  void guarded(const std::function<void()>& work) const;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> queue_;
  bool stopping_ = false;
  Idle idle_;
  Failed failed_;
  std::thread thread_;
};

}  // namespace catena::app
