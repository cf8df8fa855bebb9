#include "app/session/job_thread.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

using catena::app::JobThread;

namespace {

/// Keeps the thread busy until let_go(), so that what is posted meanwhile waits.
class Hold {
 public:
  explicit Hold(JobThread& jobs) {
    jobs.post([this] {
      begun_.set_value();
      go_.get_future().wait();
    });
    begun_.get_future().wait();
  }
  void let_go() { go_.set_value(); }

 private:
  std::promise<void> begun_, go_;
};

}  // namespace

TEST_CASE("jobs run in order, and those that wait when the thread stops still run", "[jobs]") {
  std::vector<int> ran;
  JobThread jobs;
  jobs.start([](const std::string&) {});
  Hold hold(jobs);
  for (int i = 0; i < 5; ++i) jobs.post([&ran, i] { ran.push_back(i); });
  CHECK(jobs.waiting() == 5);
  hold.let_go();
  jobs.stop();
  CHECK(ran == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("a newer job of the same slot takes the place of one that has not begun", "[jobs]") {
  std::vector<std::string> ran;
  JobThread jobs;
  jobs.start([](const std::string&) {});
  Hold hold(jobs);
  jobs.post_latest({1, 7}, [&] { ran.push_back("old"); });
  jobs.post([&] { ran.push_back("edit"); });
  jobs.post_latest({1, 8}, [&] { ran.push_back("other document"); });
  jobs.post_latest({1, 7}, [&] { ran.push_back("new"); });
  CHECK(jobs.waiting() == 3);
  hold.let_go();
  jobs.stop();
  CHECK(ran == std::vector<std::string>{"edit", "other document", "new"});
}

TEST_CASE("idle work runs between jobs and rests when it says so", "[jobs]") {
  std::atomic<int> slices{0};
  std::promise<void> rested;
  JobThread jobs;
  jobs.start([](const std::string&) {},
             [&]() -> std::optional<std::chrono::milliseconds> {
               if (++slices < 3) return std::chrono::milliseconds(0);
               if (slices == 3) rested.set_value();
               return std::nullopt;
             });
  rested.get_future().wait();
  std::promise<void> ran;
  jobs.post([&] { ran.set_value(); });
  ran.get_future().wait();
  jobs.stop();
  CHECK(slices <= 4);  // at most once more, after the job
}

TEST_CASE("a job that throws is reported, and the next one runs", "[jobs]") {
  std::string line;
  bool ran = false;
  JobThread jobs;
  jobs.start([&](const std::string& what) { line = what; });
  jobs.post([] { throw std::runtime_error("the disk is full"); });
  jobs.post([&] { ran = true; });
  jobs.stop();
  CHECK(line == "the disk is full");
  CHECK(ran);
}
