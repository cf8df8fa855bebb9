// Counting that the dashboards and benches rely on, and the pool of threads.
#include <catch2/catch.hpp>
#include <numeric>

#include "model/runtime/memory.h"
#include "model/runtime/thread_pool.h"

using namespace catena::model;

TEST_CASE("numeric buffers are aligned, zero, and counted to the byte") {
  const MemoryCounters before = memory_counters();
  {
    const Buffer buffer(1000);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0);
    CHECK(buffer == Buffer(1000, 0.0F));
    const MemoryCounters during = memory_counters();
    CHECK(during.bytes_now - before.bytes_now == 4000);
    CHECK(during.allocations > before.allocations);
    CHECK(during.bytes_peak >= before.bytes_now + 4000);
  }
  CHECK(memory_counters().bytes_now == before.bytes_now);
  reset_memory_peak();
  CHECK(memory_counters().bytes_peak == before.bytes_now);
}

TEST_CASE("foreign allocators report into the same counters") {
  const MemoryCounters before = memory_counters();
  note_allocation(12345);
  CHECK(memory_counters().bytes_now == before.bytes_now + 12345);
  CHECK(memory_counters().allocations == before.allocations + 1);
  note_release(12345);
  CHECK(memory_counters().bytes_now == before.bytes_now);
}

TEST_CASE("every form of operator new on this thread is counted, and none of another thread's") {
  if (!heap_is_counted()) return;
  const std::uint64_t start = thread_heap_allocations();
  struct alignas(64) Wide {
    char bytes[64];
  };
  auto* volatile one = new int(1);
  auto* volatile array = new char[100];
  auto* volatile wide = new Wide;
  auto* volatile gentle = new (std::nothrow) int(2);
  const std::uint64_t after = thread_heap_allocations();
  CHECK(after - start == 4);
  delete one;
  delete[] array;
  delete wide;
  delete gentle;
  std::uint64_t elsewhere = 0;
  std::thread other([&] {
    const std::uint64_t before = thread_heap_allocations();
    auto* volatile memory = new int(3);
    delete memory;
    elsewhere = thread_heap_allocations() - before;
  });
  const std::uint64_t here = thread_heap_allocations();
  other.join();
  CHECK(thread_heap_allocations() == here);
  CHECK(elsewhere == 1);
}

TEST_CASE("resident memory is told and follows what is touched") {
  const std::size_t before = resident_bytes();
  CHECK(before > 100'000);
  const Buffer buffer(8'000'000);
  CHECK(resident_bytes() > before + 20'000'000);
}

TEST_CASE("the pool does every part exactly once, however many threads and rounds") {
  const int threads = GENERATE(1, 2, 5);
  ThreadPool pool(threads);
  CHECK(pool.threads() == threads);
  for (int round = 0; round < 300; ++round) {
    const int count = round % 40;
    std::vector<int> done(static_cast<std::size_t>(count), 0);
    std::atomic<bool> sound{true};
    pool.run(count, [&](int part, int thread) {
      ++done[static_cast<std::size_t>(part)];
      if (thread < 0 || thread >= threads) sound = false;
    });
    REQUIRE(sound);
    REQUIRE(done == std::vector<int>(static_cast<std::size_t>(count), 1));
    pool.split(count, round % 2 == 0, [&](int begin, int end) {
      for (int i = begin; i < end; ++i) ++done[static_cast<std::size_t>(i)];
    });
    REQUIRE(done == std::vector<int>(static_cast<std::size_t>(count), 2));
  }
}

TEST_CASE("a pool that never worked, or rests, is torn down at once") {
  for (int i = 0; i < 50; ++i) {
    ThreadPool pool(3);
    if (i % 2 == 0) pool.run(1, [](int, int) {});
  }
  SUCCEED();
}
