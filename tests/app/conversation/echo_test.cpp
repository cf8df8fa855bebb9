// Over loudspeakers: the voice comes back into the microphone, 10 dB quieter and 60 ms later, and the program must not
// take it for the user.
#include <algorithm>
#include <catch2/catch.hpp>

#include "app/conversation/simulated_talk.h"

using namespace catena::app;

namespace {

constexpr int kLongestMs = 20'000;  // a turn with its answer

const std::vector<std::string> kQuestions = {"can you hear me now", "what do we have to do today",
                                             "tell me more about it", "and what comes after that"};
const std::vector<std::string> kAnswers = {
    "I hear you well. There are three things on the list, and the first of them is the longest.",
    "Today the two reports have to be finished, and somebody wants to be called back before noon.",
    "It is a long story, which began in spring, when the old machine was still in the cellar.",
    "After that there is nothing more to do, and the rest of the evening is free."};

/// A user, a program that answers whatever it takes for a turn, and a reader that takes every voice for words: the
/// worst that echo can meet.
struct Talk {
  int answered = 0;
  std::vector<Utterance> questions;
  SimulatedTalk talk;

  explicit Talk(const RoomSettings& room)
      : talk(room, {}, {}, needs(), [](const catena::audio::SoundUpdate& update) { return read(update); }) {
    for (const std::string& question : kQuestions)
      questions.push_back(make_utterance(question, {.voice = "en-us", .pitch = 80}));
  }

  static SimulatedReading read(const catena::audio::SoundUpdate& update) {
    const bool ended =
        std::any_of(update.segments.begin(), update.segments.end(), [](const auto& segment) { return segment.speech; });
    return {ended ? "something was said" : "", update.speech};
  }
  ConversationNeeds needs() {
    ConversationNeeds n;
    n.end_utterance = [] {};
    n.ask = [this](std::uint64_t number, const std::string&) {
      talk.conversation().sentence(number, kAnswers[static_cast<std::size_t>(answered++) % kAnswers.size()],
                                   talk.now_ms());
      talk.conversation().answer_complete(number, talk.now_ms());
    };
    n.cancel = [](std::uint64_t) {};
    n.settle = [](const std::string&) {};
    n.note = [](const std::string&, const std::string&) {};
    n.facts = [] { return Facts{}; };
    n.carry_out = [](const Understood&) { return CommandResult{}; };
    return n;
  }

  void say(const Utterance& utterance) {
    constexpr std::size_t step = SimulatedRoom::kStepMs * catena::audio::kRate / 1000;
    for (std::size_t i = 0; i < utterance.samples.size(); i += step) {
      talk.step(std::span(utterance.samples).subspan(i, std::min(step, utterance.samples.size() - i)));
    }
  }
  /// Until it holds, or too long.
  template <typename Condition>
  bool wait(Condition condition) {
    for (int ms = 0; ms < kLongestMs; ms += SimulatedRoom::kStepMs) {
      if (condition()) return true;
      talk.step({});
    }
    return false;
  }
  void turn(int number) {
    const int before = answered;
    say(questions[static_cast<std::size_t>(number) % questions.size()]);
    wait([&] { return answered > before; });
    wait([&] { return talk.conversation().turn() == Turn::listening && !talk.voice_active(); });
    for (int ms = 0; ms < 1500; ms += SimulatedRoom::kStepMs) talk.step({});
  }
};

}  // namespace

TEST_CASE("answering over loudspeakers triggers no self-interruption in 50 turns") {
  RoomSettings room;
  int turns = 50;
  SECTION("the devices tell their latencies") {}
  SECTION("they tell nothing") {
    room.loudspeaker_ms = room.microphone_ms = 0;
    room.air_ms = 60;
    turns = 15;
  }
  Talk here(room);
  for (int turn = 0; turn < turns; ++turn) here.turn(turn);
  CHECK(here.answered == turns);
  CHECK(here.talk.self_interruptions() == 0);
  CHECK(here.talk.self_questions() == 0);
  CHECK(here.talk.echo().erle_db > 15);
}

TEST_CASE("without the canceller the program talks to itself: the test would notice") {
  Talk here({.cancel_echo = false});
  for (int turn = 0; turn < 3; ++turn) here.turn(turn);
  CHECK(here.talk.self_interruptions() > 0);
}

TEST_CASE("a user who speaks over the answer is heard through the echo") {
  Talk here({});
  for (int turn = 0; turn < 2; ++turn) here.turn(turn);
  for (int turn = 0; turn < 4; ++turn) {
    CAPTURE(turn);
    here.say(here.questions[0]);
    REQUIRE(here.wait([&] { return here.talk.conversation().turn() == Turn::speaking; }));
    for (int ms = 0; ms < 1500; ms += SimulatedRoom::kStepMs) here.talk.step({});
    REQUIRE(here.talk.conversation().turn() == Turn::speaking);
    here.say(here.questions[1]);
    CHECK(here.talk.conversation().turn() == Turn::hearing);
    const int before = here.answered;
    CHECK(here.wait([&] { return here.answered > before; }));
    here.wait([&] { return here.talk.conversation().turn() == Turn::listening && !here.talk.voice_active(); });
  }
  CHECK(here.talk.self_interruptions() == 0);
}
