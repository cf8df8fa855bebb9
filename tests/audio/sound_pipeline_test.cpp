#include "audio/sound_pipeline.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "signals.h"

using namespace catena::audio;

namespace {

// Polls until the stream's last update.
std::vector<SoundUpdate> run_to_end(SoundPipeline& pipeline) {
  std::vector<SoundUpdate> all;
  while (all.empty() || all.back().running) {
    for (SoundUpdate& update : pipeline.poll()) {
      all.push_back(std::move(update));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return all;
}

template <typename List>
auto joined(const std::vector<SoundUpdate>& updates, List SoundUpdate::*list) {
  List all;
  for (const SoundUpdate& update : updates) {
    all.insert(all.end(), (update.*list).begin(), (update.*list).end());
  }
  return all;
}

}  // namespace

TEST_CASE("a file read as fast as possible arrives completely") {
  SoundPipeline pipeline;
  pipeline.start_file(CATENA_DEMO_SOUND, false);
  const auto updates = run_to_end(pipeline);
  const auto samples = test::read_sound(CATENA_DEMO_SOUND);
  CHECK(joined(updates, &SoundUpdate::log_mel).size() == (samples.size() + 159) / 160 - 2);
  CHECK(joined(updates, &SoundUpdate::segments).size() == 5);
  CHECK(joined(updates, &SoundUpdate::chunks).back().end_ms == updates.back().time_ms);
  const auto events = joined(updates, &SoundUpdate::events);
  REQUIRE(events.size() == 2);
  CHECK(events[0].kind == SourceEventKind::started);
  CHECK(events[1].kind == SourceEventKind::finished);
  CHECK(updates.front().device == "demo.flac");
  CHECK_FALSE(pipeline.running());
}

TEST_CASE("a file in real time gives at least 20 updates a second, whatever the chunk length") {
  const test::Folder folder;
  test::write_sound(folder / "a.wav", test::sine(440, 0.5, 1.0, 44100), 44100);
  std::atomic<int> notified{0};
  SoundPipeline pipeline([&] { ++notified; });
  pipeline.set_chunks({1280, false});
  const auto start = std::chrono::steady_clock::now();
  pipeline.start_file(folder / "a.wav", true);
  const auto updates = run_to_end(pipeline);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(seconds >= 0.95);
  CHECK(static_cast<double>(updates.size()) >= 20 * seconds * 0.9);  // a tenth for a busy machine
  CHECK(notified == static_cast<int>(updates.size()));
  CHECK(joined(updates, &SoundUpdate::log_mel).size() == 98);
  CHECK(updates[updates.size() / 2].level_dbfs == Approx(-9.03).margin(0.5));
  CHECK(updates.back().real_time_factor > 0);
}

TEST_CASE("stop ends a file at once, also when nobody takes its updates, and its last update is there") {
  SoundPipeline pipeline;
  pipeline.start_file(CATENA_DEMO_SOUND, true);
  CHECK(pipeline.running());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  pipeline.stop();
  CHECK_FALSE(pipeline.running());
  const auto updates = pipeline.poll();
  REQUIRE_FALSE(updates.empty());
  CHECK_FALSE(updates.back().running);

  const test::Folder folder;
  test::write_sound(folder / "long.wav", std::vector<float>(200 * 16000), 16000);
  pipeline.start_file(folder / "long.wav", false);
  pipeline.stop();
  pipeline.stop();
  CHECK_FALSE(pipeline.poll().back().running);
}

TEST_CASE("starting a file ends the one before; the streams are numbered") {
  SoundPipeline pipeline;
  const auto first = pipeline.start_file(CATENA_DEMO_SOUND, true);
  const auto second = pipeline.start_file(CATENA_DEMO_SOUND, false);
  CHECK(second == first + 1);
  bool first_ended = false;
  std::vector<SoundUpdate> updates;
  while (updates.empty() || updates.back().stream != second || updates.back().running) {
    for (SoundUpdate& update : pipeline.poll()) {
      first_ended = first_ended || (update.stream == first && !update.running);
      updates.push_back(std::move(update));
    }
  }
  CHECK(first_ended);
}

TEST_CASE("a bad file is refused and leaves what runs alone") {
  SoundPipeline pipeline;
  pipeline.start_file(CATENA_DEMO_SOUND, true);
  CHECK_THROWS_WITH(pipeline.start_file("/nowhere/a.wav", true), Catch::Contains("/nowhere/a.wav: no such file"));
  CHECK(pipeline.running());
}

TEST_CASE("a chunk length that makes no sense is refused") {
  SoundPipeline pipeline;
  CHECK_THROWS_WITH(pipeline.set_chunks({0, false}), Catch::Contains("0 ms is outside 20 to 10000 ms"));
  CHECK_THROWS(pipeline.set_chunks({1000000, false}));
}
