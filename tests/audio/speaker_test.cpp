// The voice through a private sound server: what arrives at the loudspeaker is recorded there. Runs under
// with_pulse.sh.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "audio/speaker.h"

using namespace catena::audio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Kind = SpeakerEvent::Kind;

namespace {

struct Heard {
  std::mutex mutex;
  std::vector<SpeakerEvent> events;
  std::function<void(const SpeakerEvent&)> then = [](const SpeakerEvent&) {};  // on the speaker's thread
  Speaker speaker{[this](const SpeakerEvent& event) {
    {
      const std::lock_guard lock(mutex);
      events.push_back(event);
    }
    then(event);
  }};

  int count(Kind kind) {
    const std::lock_guard lock(mutex);
    return static_cast<int>(
        std::count_if(events.begin(), events.end(), [&](const SpeakerEvent& event) { return event.kind == kind; }));
  }
  bool wait(Kind kind, int times = 1, std::chrono::seconds within = 15s) {
    const auto start = Clock::now();
    while (count(kind) < times) {
      if (Clock::now() - start > within) return false;
      std::this_thread::sleep_for(2ms);
    }
    return true;
  }
  SpeakerEvent last(Kind kind) {
    const std::lock_guard lock(mutex);
    for (auto it = events.rbegin(); it != events.rend(); ++it) {
      if (it->kind == kind) return *it;
    }
    return {};
  }
};

/// What the loudspeaker plays, 48 kHz mono.
struct Recorder {
  std::string file = std::string(std::getenv("CATENA_PULSE_DIR")) + "/played.raw";
  Clock::time_point began;

  Recorder() {
    std::remove(file.c_str());
    REQUIRE(
        std::system(("parec --device=spk.monitor --rate=48000 --channels=1 --format=s16le --latency-msec=10 --raw " +
                     file + " & echo $! > " + file + ".pid")
                        .c_str()) == 0);
    while (samples().size() < 480) std::this_thread::sleep_for(1ms);
    began = Clock::now();
  }
  ~Recorder() { std::system(("kill $(cat " + file + ".pid) 2>/dev/null; true").c_str()); }

  std::vector<std::int16_t> samples() const {
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    std::vector<std::int16_t> result(bytes.size() / 2);
    std::memcpy(result.data(), bytes.data(), 2 * result.size());
    return result;
  }
  /// Seconds of the recording behind which there is only silence.
  double last_sound() const {
    const std::vector<std::int16_t> all = samples();
    std::size_t end = all.size();
    while (end > 0 && std::abs(all[end - 1]) < 50) --end;
    return static_cast<double>(end) / 48000;
  }
};

const std::string long_text =
    "The list has twelve items, and every one of them has a name, a price and a count, which are added up at the very "
    "end of the day.";

}  // namespace

TEST_CASE("a text is heard at the loudspeaker, word by word, and then it is over") {
  Recorder recorder;
  Heard heard;
  const std::uint64_t number = heard.speaker.say("hello there, my friend");
  REQUIRE(heard.wait(Kind::finished));
  CHECK(heard.last(Kind::finished).number == number);
  CHECK(heard.count(Kind::started) == 1);
  CHECK(heard.count(Kind::word) >= 4);
  CHECK(heard.count(Kind::failed) == 0);
  std::this_thread::sleep_for(200ms);
  CHECK(recorder.last_sound() > 0.8);
}

TEST_CASE("stop is silence within 100 ms, and says how far the voice came") {
  Recorder recorder;
  Heard heard;
  heard.speaker.say(long_text);
  heard.speaker.say("this is never said");
  REQUIRE(heard.wait(Kind::word, 5));
  const double asked = std::chrono::duration<double>(Clock::now() - recorder.began).count();
  heard.speaker.stop();
  REQUIRE(heard.wait(Kind::stopped));
  std::this_thread::sleep_for(500ms);
  // The recording itself began up to 20 ms before `began` and lags by its buffer.
  CHECK(recorder.last_sound() - asked < 0.1 + 0.04);
  CHECK(recorder.last_sound() > 0.5);
  const SpeakerEvent stopped = heard.last(Kind::stopped);
  CHECK(stopped.byte > 5);
  CHECK(stopped.byte < long_text.size() / 2);
  CHECK(heard.count(Kind::started) == 1);
  heard.speaker.say("once more");
  CHECK(heard.wait(Kind::finished));
}

TEST_CASE("a voice that is not there is one line, and the next text is spoken") {
  Heard heard;
  heard.speaker.say("hello", {.voice = "nobody-at-all"});
  REQUIRE(heard.wait(Kind::failed));
  CHECK(heard.last(Kind::failed).text.find("nobody-at-all") != std::string::npos);
  heard.speaker.say("hello");
  CHECK(heard.wait(Kind::finished));
}

TEST_CASE("without a sound server the voice says so, and speaks again when there is one") {
  Heard heard;
  const std::string pulse = CATENA_WITH_PULSE;
  REQUIRE(std::system((pulse + " --stop main").c_str()) == 0);
  heard.speaker.say("hello");
  REQUIRE(heard.wait(Kind::failed, 1, 20s));
  CHECK(heard.last(Kind::failed).text.find('\n') == std::string::npos);
  REQUIRE(std::system((pulse + " --start main").c_str()) == 0);
  heard.speaker.say("hello again");
  CHECK(heard.wait(Kind::finished));
}

TEST_CASE("a loudspeaker that goes away in mid-sentence is told") {
  Heard heard;
  const std::string pulse = CATENA_WITH_PULSE;
  heard.speaker.say(long_text);
  REQUIRE(heard.wait(Kind::word, 2));
  REQUIRE(std::system((pulse + " --stop main").c_str()) == 0);
  CHECK(heard.wait(Kind::failed, 1, 20s));
  REQUIRE(std::system((pulse + " --start main").c_str()) == 0);
  heard.speaker.say("back again");
  CHECK(heard.wait(Kind::finished));
}

TEST_CASE("what is said after a stop is spoken, though the text before it failed meanwhile") {
  Heard heard;
  std::promise<void> said_again;  // behind `heard`: a check that fails lets its thread go on
  // The failure is being told while the user stops and says something else: the queue is given up only behind it.
  heard.then = [&, waits = said_again.get_future().share()](const SpeakerEvent& event) {
    if (event.kind == Kind::failed) waits.wait();
  };
  heard.speaker.say("hello", {.voice = "nobody-at-all"});
  heard.speaker.say("this waited behind it and is never said");
  REQUIRE(heard.wait(Kind::failed));
  heard.speaker.stop();
  const std::uint64_t number = heard.speaker.say("hello");
  said_again.set_value();
  REQUIRE(heard.wait(Kind::finished));
  CHECK(heard.last(Kind::finished).number == number);
  CHECK(heard.count(Kind::started) == 1);
}

TEST_CASE("a text that was stopped does not fail") {
  Heard heard;
  std::promise<void> stopped;  // behind `heard`, as above
  // Stopped between the opening of the loudspeaker and what is wrong with the text.
  heard.then = [&, waits = stopped.get_future().share()](const SpeakerEvent& event) {
    if (event.kind == Kind::opened) waits.wait();
  };
  heard.speaker.say("hello", {.voice = "nobody-at-all"});
  REQUIRE(heard.wait(Kind::opened));
  heard.speaker.stop();
  stopped.set_value();
  REQUIRE(heard.wait(Kind::stopped));
  heard.speaker.say("hello");
  CHECK(heard.wait(Kind::finished));
  CHECK(heard.count(Kind::failed) == 0);
}
