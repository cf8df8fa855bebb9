#include "audio/ring_buffer.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "allocation_counter.h"

using catena::audio::RingBuffer;

namespace {

// Samples carry their number; floats hold whole numbers exactly up to 2^24.
constexpr std::size_t kMany = 2'000'000;

std::vector<float> numbered(std::size_t first, std::size_t count) {
  std::vector<float> samples(count);
  std::iota(samples.begin(), samples.end(), static_cast<float>(first));
  return samples;
}

}  // namespace

TEST_CASE("a ring gives samples back in order, across its end") {
  RingBuffer ring(8);
  std::vector<float> out(8);
  std::size_t next_in = 0;
  std::size_t next_out = 0;
  for (int round = 0; round < 100; ++round) {
    const auto in = numbered(next_in, 5);
    REQUIRE(ring.write(in) == 5);
    next_in += 5;
    REQUIRE(ring.size() == 5);
    REQUIRE(ring.read(out) == 5);
    for (std::size_t i = 0; i < 5; ++i) {
      REQUIRE(out[i] == static_cast<float>(next_out++));
    }
  }
  REQUIRE(ring.read(out) == 0);
  REQUIRE(ring.dropped() == 0);
}

TEST_CASE("what does not fit is dropped and counted, and what was there stays") {
  RingBuffer ring(8);
  REQUIRE(ring.write(numbered(0, 6)) == 6);
  REQUIRE(ring.write(numbered(6, 6)) == 2);
  REQUIRE(ring.write(numbered(12, 3)) == 0);
  REQUIRE(ring.dropped() == 7);
  REQUIRE(ring.overruns() == 2);
  std::vector<float> out(16);
  REQUIRE(ring.read(out) == 8);
  REQUIRE(std::vector<float>(out.begin(), out.begin() + 8) == numbered(0, 8));
}

TEST_CASE("writing and reading allocate nothing") {
  RingBuffer ring(64);
  const auto in = numbered(0, 50);
  std::vector<float> out(50);
  const std::size_t before = catena::audio::test::allocations();
  for (int i = 0; i < 100; ++i) {
    ring.write(in);
    ring.read(out);
  }
  REQUIRE(catena::audio::test::allocations() == before);
}

TEST_CASE("two threads: every sample arrives once and in order, whatever the block sizes") {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    RingBuffer ring(1000);
    std::thread producer([&] {
      std::mt19937 random(seed);
      for (std::size_t next = 0; next < kMany;) {
        const auto block = numbered(next, std::min<std::size_t>(1 + random() % 700, kMany - next));
        next += ring.write(block);
        if (ring.size() == ring.capacity()) {
          std::this_thread::yield();
        }
      }
    });
    std::mt19937 random(seed + 100);
    std::vector<float> out(1500);
    std::size_t expected = 0;
    std::size_t wrong = 0;
    while (expected < kMany) {
      const std::size_t count = ring.read(std::span<float>(out).first(1 + random() % out.size()));
      for (std::size_t i = 0; i < count; ++i) {
        wrong += out[i] != static_cast<float>(expected++);
      }
      if (count == 0) {
        std::this_thread::yield();
      }
    }
    producer.join();
    REQUIRE(wrong == 0);
    REQUIRE(ring.size() == 0);
  }
}

TEST_CASE("two threads with a slow reader: read plus dropped is what was written, and order holds") {
  RingBuffer ring(512);
  std::atomic<bool> done{false};
  std::thread producer([&] {
    std::mt19937 random(7);
    for (std::size_t next = 0; next < kMany;) {
      const auto block = numbered(next, std::min<std::size_t>(1 + random() % 400, kMany - next));
      ring.write(block);
      next += block.size();
    }
    done = true;
  });
  std::vector<float> out(300);
  std::size_t total = 0;
  float last = -1;
  bool ordered = true;
  for (bool over = false;;) {
    over = done;
    const std::size_t count = ring.read(out);
    for (std::size_t i = 0; i < count; ++i) {
      ordered = ordered && out[i] > last;
      last = out[i];
    }
    total += count;
    if (over && count == 0) {
      break;
    }
  }
  producer.join();
  REQUIRE(ordered);
  REQUIRE(total + ring.dropped() == kMany);
}
