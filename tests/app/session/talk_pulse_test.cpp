// A whole conversation through a private sound server: spoken into the microphone, answered at the loudspeaker. Runs
// under with_pulse.sh.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "app/assets_folder.h"
#include "audio/synthesizer.h"
#include "audio/write_wav.h"
#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;

namespace {

std::string pulse_folder() { return std::getenv("CATENA_PULSE_DIR"); }
void shell(const std::string& command) {
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
}

/// What the loudspeaker plays, 48 kHz mono.
struct Recorder {
  std::string file = pulse_folder() + "/answers.raw";

  Recorder() {
    shell("parec --device=spk.monitor --rate=48000 --channels=1 --format=s16le --latency-msec=10 --raw " + file +
          " & echo $! > " + file + ".pid");
  }
  ~Recorder() { std::system(("kill $(cat " + file + ".pid) 2>/dev/null; true").c_str()); }
  double loudest() const {
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    std::vector<std::int16_t> samples(bytes.size() / 2);
    std::memcpy(samples.data(), bytes.data(), 2 * samples.size());
    int loudest = 0;
    for (const std::int16_t sample : samples) loudest = std::max(loudest, std::abs(static_cast<int>(sample)));
    return loudest / 32768.0;
  }
};

void speak_into_microphone(const std::string& text) {
  std::vector<float> samples;
  audio::Synthesizer& voice = audio::Synthesizer::instance();
  voice.speak(text, {}, [&](std::span<const float> more, std::span<const audio::WordMark>) {
    samples.insert(samples.end(), more.begin(), more.end());
    return true;
  });
  const std::string file = pulse_folder() + "/said.wav";
  audio::write_wav(file, samples, voice.rate());
  shell("paplay --device=mic " + file + " &");
}

/// A session with the shipped models, and what it tells.
struct Talking {
  const Fixture fixture;
  const std::filesystem::path models = std::filesystem::path(CATENA_SOURCE_DIR) / "assets" / "models";
  AppSession session{{models / default_model, {}, {models / default_speech_model, models / default_model}, {}}};
  Listener listener{session};
  std::vector<ui::Turn> turns;
  std::vector<ui::TalkLine> lines;
  std::vector<ui::TurnFigures> figures;

  Talking() {
    QObject::connect(&session, &ui::Session::talkChanged, [this](const auto& state) { turns.push_back(state.turn); });
    QObject::connect(&session, &ui::Session::talkLine, [this](const auto& line) { lines.push_back(line); });
    QObject::connect(&session, &ui::Session::turnFigures, [this](const auto& f) { figures.push_back(f); });
    session.startSound({});
    session.setTalking(true);
    REQUIRE(wait_until([&] { return session.talk().source; }));
    wait_until([] { return false; }, 2000);  // voice activity adapts to the room
  }
  bool reached(ui::Turn turn) const { return std::find(turns.begin(), turns.end(), turn) != turns.end(); }
};

}  // namespace

// The reader mistakes most words, so what is asked and answered is not looked at, only that it is.
TEST_CASE("what is said into the microphone is heard, thought about and answered at the loudspeaker",
          "[conversation]") {
  const Recorder recorder;
  Talking here;
  CHECK(recorder.loudest() < 0.01);
  speak_into_microphone("hello there, can you tell me something about the sea and the ships");
  REQUIRE(wait_until([&] { return here.reached(ui::Turn::hearing); }, 15000));
  REQUIRE(wait_until([&] { return here.reached(ui::Turn::thinking); }, 15000));
  REQUIRE(wait_until([&] { return here.reached(ui::Turn::speaking); }, 15000));
  REQUIRE_FALSE(here.figures.empty());
  CHECK(here.figures[0].words_ms >= 0);
  CHECK(here.figures[0].first_reply_ms > 0);
  CHECK(here.figures[0].first_sound_ms >= here.figures[0].first_reply_ms);
  CHECK(here.figures[0].first_sound_ms < 5000);
  CHECK(wait_until([&] { return recorder.loudest() > 0.05; }));
  CHECK(wait_until([&] { return here.session.talk().turn == ui::Turn::listening; }, 30000));
  REQUIRE(here.lines.size() >= 2);
  CHECK(here.lines[0].from_user);
  CHECK_FALSE(here.lines[1].from_user);
}

TEST_CASE("with the talk key, what is said while it is held is answered", "[conversation]") {
  Talking here;
  ui::TalkSettings settings;
  settings.hands_free = false;
  here.session.applyTalkSettings(settings);
  here.session.holdToTalk(true);
  speak_into_microphone("please tell me a story about the sea and the ships");
  wait_until([] { return false; }, 4000);
  CHECK(here.session.talk().turn == ui::Turn::hearing);
  here.session.holdToTalk(false);
  CHECK(wait_until([&] { return here.reached(ui::Turn::speaking); }));
  CHECK(wait_until([&] { return here.lines.size() >= 2; }, 30000));
}

TEST_CASE("reading aloud is heard, stops when told, and one notice says that the server is gone", "[conversation]") {
  const std::string pulse = CATENA_WITH_PULSE;
  const Recorder recorder;
  const Fixture fixture;
  const auto session = fixture.start();
  Listener listener(*session);
  session->readAloud(
      "The list has twelve items, and every one of them has a name, a price and a count. They are added up at the "
      "end.");
  CHECK(session->talk().reading);
  CHECK(wait_until([&] { return recorder.loudest() > 0.05; }));
  session->stopVoice();
  CHECK_FALSE(session->talk().reading);
  shell(pulse + " --stop main");
  listener.notices.clear();
  session->readAloud("Nobody can hear this. Nor this.");
  REQUIRE(wait_until([&] { return !listener.notices.empty(); }, 20000));
  CHECK(listener.notices.back().panel == ui::Panel::transcript);
  CHECK_FALSE(session->talk().reading);
  shell(pulse + " --start main");
  session->readAloud("Now it is heard again.");
  CHECK(wait_until([&] { return !session->talk().reading; }, 20000));
  CHECK(listener.notices.back().resolved);
}

TEST_CASE("a test tone is heard at the loudspeaker, and the microphone is played back", "[check]") {
  application();
  const Fixture fixture;
  const auto session = fixture.start();
  std::vector<ui::SoundCheckStep> steps;
  QObject::connect(session.get(), &ui::Session::soundCheck, [&](const auto& step) { steps.push_back(step); });
  using State = ui::SoundCheckStep::State;
  const auto over = [&] {
    return !steps.empty() && (steps.back().state == State::done || steps.back().state == State::failed);
  };
  {
    const Recorder recorder;
    session->checkSound(ui::SoundCheck::test_tone, {}, {});
    REQUIRE(wait_until(over));
    CHECK(steps.back().line == "");
    CHECK(recorder.loudest() > 0.1);
  }
  steps.clear();
  session->checkSound(ui::SoundCheck::hear_yourself, {}, {});
  REQUIRE(wait_until(over, 20000));
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].state == State::recording);
  CHECK(steps[1].state == State::playing);
  CHECK(steps[2].line.contains("silent"));  // nobody spoke
}

TEST_CASE("a device that is not there is one line, and a check can be ended", "[check]") {
  application();
  const Fixture fixture;
  const auto session = fixture.start();
  std::vector<ui::SoundCheckStep> steps;
  QObject::connect(session.get(), &ui::Session::soundCheck, [&](const auto& step) { steps.push_back(step); });
  session->checkSound(ui::SoundCheck::hear_yourself, "no such microphone", {});
  REQUIRE(wait_until([&] { return !steps.empty() && steps.back().state == ui::SoundCheckStep::State::failed; }));
  CHECK(steps.back().line.contains("no such microphone"));
  steps.clear();
  session->checkSound(ui::SoundCheck::hear_yourself, {}, {});
  REQUIRE(wait_until([&] { return !steps.empty(); }));
  session->stopSoundCheck();
  wait_until([] { return false; }, 500);
  CHECK(steps.size() == 1);  // nobody is told of a check that is not wanted any more
}
