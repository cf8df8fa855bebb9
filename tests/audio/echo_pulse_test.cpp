// Echo cancellation through a private sound server whose loudspeaker is heard by its microphone. Runs under
// with_pulse.sh.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "audio/sound_pipeline.h"
#include "audio/speaker.h"

using namespace catena::audio;
using namespace std::chrono_literals;

namespace {

/// The loudspeaker in the microphone.
struct Room {
  Room() {
    REQUIRE(std::system("pactl load-module module-loopback source=spk.monitor sink=mic latency_msec=20 >/dev/null") ==
            0);
  }
  ~Room() { std::system("pactl unload-module module-loopback"); }
};

/// How much speech the microphone hears while the voice speaks, and how well the canceller does.
struct Heard {
  std::int64_t speech_ms = 0;
  EchoFigures echo;
};

Heard speak(const std::shared_ptr<FarEnd>& for_speaker, const std::shared_ptr<FarEnd>& for_microphone) {
  const Room room;
  std::atomic<int> finished{0};
  Speaker speaker(
      [&](const SpeakerEvent& event) {
        finished += event.kind == SpeakerEvent::Kind::finished || event.kind == SpeakerEvent::Kind::failed;
      },
      for_speaker);
  SoundPipeline pipeline;
  pipeline.start_microphone("", for_microphone);
  constexpr int texts = 3;
  for (int i = 0; i < texts; ++i)
    speaker.say("The list has twelve items, and every one of them has a name, a price and a count.");
  Heard heard;
  const auto take = [&] {
    for (const SoundUpdate& update : pipeline.poll()) {
      for (const Segment& segment : update.segments)
        heard.speech_ms += segment.speech ? segment.end_ms - segment.start_ms : 0;
      if (update.running) heard.echo = update.echo;
    }
  };
  for (int i = 0; i < 3000 && finished < texts; ++i) {
    take();
    std::this_thread::sleep_for(10ms);
  }
  REQUIRE(finished == texts);
  std::this_thread::sleep_for(500ms);
  pipeline.stop();
  take();
  return heard;
}

}  // namespace

TEST_CASE("a voice over loudspeakers is not heard by a microphone that knows of it") {
  const auto far_end = std::make_shared<FarEnd>(Synthesizer::instance().rate());
  const Heard without = speak(far_end, nullptr);
  CHECK(without.speech_ms > 5000);
  CHECK_FALSE(without.echo.cancelling);
  const Heard with = speak(far_end, far_end);
  CAPTURE(with.speech_ms, with.echo.erle_db, with.echo.delay_ms);
  CHECK(with.echo.cancelling);
  CHECK(with.echo.erle_db > 6);
  CHECK(with.echo.delay_ms > 20);
  CHECK(with.speech_ms < without.speech_ms / 10);
}
