// The sound path end to end. Runs under with_pulse.sh, which provides the devices `default`, `pulse` and `studio`.
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "audio/devices.h"
#include "audio/sound_pipeline.h"
#include "signals.h"

using namespace catena::audio;
using Clock = std::chrono::steady_clock;
using Kind = SourceEventKind;

// Each look for devices loads and unloads ALSA's plugins, and what those leave behind LeakSanitizer reports without a
// name that could be excepted. Leaks of our own are looked for in the other tests.
extern "C" int __lsan_is_turned_off() { return 1; }

namespace {

void shell(const std::string& command) {
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
}
void start_server(const std::string& name) { shell(std::string(CATENA_WITH_PULSE) + " --start " + name); }
void stop_server(const std::string& name) { shell(std::string(CATENA_WITH_PULSE) + " --stop " + name); }

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Collects all that a pipeline says.
struct Listener {
  SoundPipeline pipeline;
  std::vector<SoundUpdate> updates;
  std::vector<SourceEvent> events;
  std::vector<Segment> segments;
  std::size_t frames = 0;

  void poll() {
    for (SoundUpdate& update : pipeline.poll()) {
      events.insert(events.end(), update.events.begin(), update.events.end());
      segments.insert(segments.end(), update.segments.begin(), update.segments.end());
      frames += update.log_mel.size();
      updates.push_back(std::move(update));
    }
  }
  // True when `condition` holds within `seconds`.
  bool wait(double seconds, const std::function<bool()>& condition) {
    const auto start = Clock::now();
    while (seconds_since(start) < seconds) {
      poll();
      if (condition()) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  const SourceEvent* event(Kind kind) const {
    for (const SourceEvent& event : events) {
      if (event.kind == kind) {
        return &event;
      }
    }
    return nullptr;
  }
  bool wait_for(double seconds, Kind kind) {
    return wait(seconds, [&] { return event(kind) != nullptr; });
  }
  bool sound_flows() const { return !updates.empty() && updates.back().time_ms > 0; }
};

bool named(const std::vector<InputDevice>& devices, const std::string& name) {
  return std::any_of(devices.begin(), devices.end(), [&](const InputDevice& device) { return device.name == name; });
}

// Hardware of the machine, which no private server can hide.
bool machine_has_microphone() {
  const auto devices = list_input_devices();
  return std::any_of(devices.begin(), devices.end(), [](const InputDevice& device) {
    return device.name != "default" && device.name != "pulse" && device.name != "studio";
  });
}

}  // namespace

TEST_CASE("devices are listed by stable names, with a default, and looked up anew each time") {
  auto devices = list_input_devices();
  CHECK(named(devices, "pulse"));
  CHECK_FALSE(named(devices, "studio"));
  CHECK(std::count_if(devices.begin(), devices.end(), [](const InputDevice& device) { return device.is_default; }) ==
        1);
  start_server("studio");
  devices = list_input_devices();
  CHECK(named(devices, "studio"));
  stop_server("studio");
}

TEST_CASE("what is spoken into the microphone reaches the updates soon, and nothing is lost at stop") {
  Listener listener;
  listener.pipeline.start_microphone("pulse");
  REQUIRE(listener.wait_for(3, Kind::started));
  CHECK(listener.event(Kind::started)->text == "listening to 'pulse'");
  REQUIRE(listener.wait(6, [&] { return listener.sound_flows(); }));
  // Nobody speaks yet: the sink delivers digital silence, and that is said.
  REQUIRE(listener.wait_for(4, Kind::silent));
  CHECK_THAT(listener.event(Kind::silent)->text, Catch::Contains("microphone 'pulse' is silent"));

  const auto start = Clock::now();
  const std::int64_t start_ms = listener.updates.back().time_ms;
  const std::size_t updates_before = listener.updates.size();
  shell(std::string("paplay --latency-msec=50 --device=mic " CATENA_DEMO_SOUND " &"));
  REQUIRE(listener.wait(5, [&] { return listener.updates.back().speech; }));
  const double until_speech = seconds_since(start);
  CHECK(until_speech < 3.0);  // 1.2 s of which are the pause before the first word
  CHECK(listener.wait_for(1, Kind::sound_again));
  REQUIRE(listener.wait(14, [&] {
    return std::count_if(listener.segments.begin(), listener.segments.end(),
                         [](const Segment& segment) { return segment.speech; }) == 2;
  }));
  const double seconds = seconds_since(start);
  const double updates_per_s = static_cast<double>(listener.updates.size() - updates_before) / seconds;
  CHECK(updates_per_s >= 20 * 0.9);  // a tenth for a busy machine
  CHECK(static_cast<double>(listener.updates.back().time_ms - start_ms) / 1000 == Approx(seconds).margin(0.7));

  const double until_stop = seconds_since(start);
  listener.pipeline.stop();
  listener.poll();
  const SoundUpdate& last = listener.updates.back();
  CHECK_FALSE(last.running);
  CHECK(static_cast<double>(last.time_ms - start_ms) / 1000 >= until_stop - 0.7);
  CHECK(listener.frames == static_cast<std::size_t>(last.time_ms / 10 - 2));
  CHECK(last.overruns == 0);
  CHECK(listener.segments.back().end_ms == last.time_ms);
  for (const Segment& segment : listener.segments) {
    CHECK(segment.detection_latency_ms <= 300);
  }
  std::size_t late = 0;
  for (const SoundUpdate& update : listener.updates) {
    late += update.latency_ms > 250;
  }
  CHECK(late * 20 <= listener.updates.size());  // 95 in 100 within 250 ms
}

TEST_CASE("when the chosen microphone is unplugged another takes over, and it returns by itself") {
  start_server("studio");
  Listener listener;
  listener.pipeline.start_microphone("studio");
  REQUIRE(listener.wait(8, [&] { return listener.sound_flows(); }));
  CHECK(listener.updates.back().device == "studio");

  const auto pulled = Clock::now();
  stop_server("studio");
  REQUIRE(listener.wait_for(3, Kind::device_lost));
  CHECK(seconds_since(pulled) < 3);
  CHECK_THAT(listener.event(Kind::device_lost)->text, Catch::Contains("microphone 'studio'") && !Catch::Contains("\n"));
  REQUIRE(listener.wait_for(3, Kind::fallback));
  CHECK_THAT(listener.event(Kind::fallback)->text, Catch::Contains("until it is back"));
  const std::int64_t at_loss = listener.updates.back().time_ms;
  REQUIRE(listener.wait(6, [&] { return listener.updates.back().time_ms > at_loss; }));

  start_server("studio");
  REQUIRE(listener.wait_for(10, Kind::returned));
  CHECK(listener.event(Kind::returned)->device == "studio");
  const std::int64_t at_return = listener.updates.back().time_ms;
  REQUIRE(listener.wait(8, [&] { return listener.updates.back().time_ms > at_return; }));
  CHECK(listener.updates.back().device == "studio");
  listener.pipeline.stop();
  stop_server("studio");
}

TEST_CASE("when the sound server dies it is said within 3 s, and sound comes back with the server") {
  if (machine_has_microphone()) {
    WARN("this machine has a microphone of its own, which takes over when the server dies");
    return;
  }
  Listener listener;
  listener.pipeline.start_microphone("");
  REQUIRE(listener.wait(8, [&] { return listener.sound_flows(); }));
  const auto killed = Clock::now();
  stop_server("main");
  REQUIRE(listener.wait_for(3, Kind::device_lost));
  CHECK(seconds_since(killed) < 3);
  REQUIRE(listener.wait(3, [&] { return listener.updates.back().device.empty(); }));
  CHECK(listener.pipeline.running());

  start_server("main");
  REQUIRE(listener.wait_for(10, Kind::returned));
  const std::int64_t at_return = listener.updates.back().time_ms;
  REQUIRE(listener.wait(8, [&] { return listener.updates.back().time_ms > at_return; }));
}

TEST_CASE("without any device there is one clear line, and a device that appears is used") {
  if (machine_has_microphone()) {
    WARN("this machine has a microphone of its own");
    return;
  }
  stop_server("main");
  CHECK(list_input_devices().empty());
  Listener listener;
  listener.pipeline.start_microphone("");
  REQUIRE(listener.wait_for(3, Kind::device_lost));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  listener.poll();
  CHECK(listener.events.size() == 1);  // said once, not at each attempt
  CHECK_THAT(listener.events[0].text, Catch::Contains("no microphone found: plug one in") && !Catch::Contains("\n"));
  start_server("main");
  REQUIRE(listener.wait(8, [&] { return listener.sound_flows(); }));
  CHECK(listener.event(Kind::started) != nullptr);
  const auto start = Clock::now();
  listener.pipeline.stop();
  CHECK(seconds_since(start) < 1.0);
}
