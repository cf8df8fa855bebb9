#include "audio/update_queue.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

using namespace catena::audio;

namespace {

SoundUpdate numbered(std::int64_t number, std::uint64_t stream = 1) {
  SoundUpdate update;
  update.stream = stream;
  update.running = true;
  update.time_ms = number;
  update.log_mel.resize(1);
  update.log_mel[0].fill(static_cast<float>(number));
  return update;
}

}  // namespace

TEST_CASE("updates come out in order and once") {
  UpdateQueue queue(8);
  queue.push(numbered(1), false);
  queue.push(numbered(2), false);
  const auto taken = queue.take();
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].time_ms == 1);
  CHECK(taken[1].time_ms == 2);
  CHECK(queue.take().empty());
}

TEST_CASE("when nobody takes them, updates are merged without losing frames, up to a bound") {
  UpdateQueue queue(4);
  for (int i = 0; i < 1000; ++i) {
    SoundUpdate update = numbered(i);
    update.clipped = i == 500;
    update.peak_dbfs = i == 600 ? -1 : -50;
    queue.push(std::move(update), false);
  }
  auto taken = queue.take();
  REQUIRE(taken.size() == 4);
  CHECK(taken[3].log_mel.size() == 997);
  CHECK(taken[3].log_mel[0][0] == 3.0F);
  CHECK(taken[3].log_mel.back()[0] == 999.0F);
  CHECK(taken[3].time_ms == 999);
  CHECK(taken[3].clipped);
  CHECK(taken[3].peak_dbfs == -1);
  CHECK(taken[3].skipped == 0);

  for (int i = 0; i < 5000; ++i) {
    queue.push(numbered(i), false);
  }
  taken = queue.take();
  CHECK(taken.back().log_mel.size() == UpdateQueue::kMostKept);
  CHECK(taken.back().log_mel.back()[0] == 4999.0F);
  CHECK(taken.back().skipped == 5000 - 3 - UpdateQueue::kMostKept);
}

TEST_CASE("the last update of one stream is not merged with the first of the next") {
  UpdateQueue queue(1);
  SoundUpdate last = numbered(7, 1);
  last.running = false;
  queue.push(std::move(last), false);
  queue.push(numbered(1, 2), false);
  const auto taken = queue.take();
  REQUIRE(taken.size() == 2);
  CHECK_FALSE(taken[0].running);
  CHECK(taken[1].stream == 2);
}

TEST_CASE("a fast producer waits for the taker, and every update arrives in order") {
  UpdateQueue queue(4);
  constexpr int kCount = 2000;
  std::thread producer([&] {
    for (int i = 0; i < kCount; ++i) {
      queue.push(numbered(i), true);
    }
  });
  int next = 0;
  bool ordered = true;
  while (next < kCount) {
    const auto taken = queue.take();
    for (const SoundUpdate& update : taken) {
      ordered = ordered && update.time_ms == next++ && update.log_mel.size() == 1;
    }
  }
  producer.join();
  CHECK(ordered);
}

TEST_CASE("a waiting producer can be let through") {
  UpdateQueue queue(1);
  queue.push(numbered(1), false);
  std::atomic<bool> through{false};
  std::thread producer([&] {
    queue.push(numbered(2), true);
    through = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(through);
  queue.let_through();
  producer.join();
  CHECK(queue.take().back().time_ms == 2);
}
