#include "app/session/job_thread.h"

#include <exception>

namespace catena::app {

JobThread::~JobThread() { stop(); }

void JobThread::start(Failed failed, Idle idle) {
  failed_ = std::move(failed);
  idle_ = std::move(idle);
  thread_ = std::thread([this] { run(); });
}

void JobThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void JobThread::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(job), std::nullopt});
  }
  wake_.notify_one();
}

void JobThread::post_latest(Slot slot, Job job) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(queue_, [&](const Entry& entry) { return entry.slot == slot; });
    queue_.push_back({std::move(job), slot});
  }
  wake_.notify_one();
}

int JobThread::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(queue_.size());
}

void JobThread::guarded(const std::function<void()>& work) const {
  try {
    work();
  } catch (const std::exception& error) {
    failed_(error.what());
  }
}

void JobThread::run() {
  std::optional<std::chrono::milliseconds> pause = std::chrono::milliseconds(0);
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto ready = [this] { return stopping_ || !queue_.empty(); };
    if (!pause) {
      wake_.wait(lock, ready);
    } else if (pause->count() > 0) {
      wake_.wait_for(lock, *pause, ready);
    }
    if (!queue_.empty()) {
      const Job job = std::move(queue_.front().job);
      queue_.pop_front();
      lock.unlock();
      guarded(job);
      lock.lock();
      pause = std::chrono::milliseconds(0);
      continue;
    }
    if (stopping_) return;
    lock.unlock();
    pause.reset();
    if (idle_) guarded([&] { pause = idle_(); });
    lock.lock();
  }
}

}  // namespace catena::app
