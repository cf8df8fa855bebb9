#include <catch2/catch.hpp>

#include "app/conversation/turn_manager.h"

using namespace catena::app;
using Kind = TurnAction::Kind;

namespace {

/// A conversation in which time passes in steps of 20 ms.
struct Talk {
  TurnManager turns;
  std::int64_t now = 0;
  std::vector<TurnAction> actions;

  explicit Talk(const TurnSettings& settings = {}) : turns(settings) { turns.listen(true, now); }

  void pass(int ms) {
    for (int end = static_cast<int>(now) + ms; now < end;) {
      now += 20;
      turns.tick(now);
      take();
    }
  }
  void take() {
    for (TurnAction& action : turns.take_actions()) actions.push_back(std::move(action));
  }
  /// Somebody says something, and its words come 300 ms later.
  void say(const std::string& text, int ms = 600) {
    turns.voice(true, now);
    pass(ms / 2);
    turns.words("", true, now);
    pass(ms / 2);
    turns.voice(false, now);
    pass(300);
    turns.words(text, false, now);
    take();
  }
  void answer() {
    turns.answer_begins(now);
    take();
  }
  int count(Kind kind) const {
    int result = 0;
    for (const TurnAction& action : actions) result += action.kind == kind ? 1 : 0;
    return result;
  }
};

}  // namespace

TEST_CASE("words and then silence are a question, answered, and it listens again") {
  Talk talk;
  CHECK(talk.turns.turn() == Turn::listening);
  talk.say("how long is the list");
  CHECK(talk.turns.turn() == Turn::hearing);
  talk.pass(800);
  CHECK(talk.turns.turn() == Turn::thinking);
  CHECK(talk.actions == std::vector<TurnAction>{{Kind::ask, "how long is the list"}});
  talk.answer();
  CHECK(talk.turns.turn() == Turn::speaking);
  talk.pass(3000);
  talk.turns.answer_ends(talk.now);
  CHECK(talk.turns.turn() == Turn::listening);
  CHECK(talk.actions.size() == 1);
}

TEST_CASE("a pause shorter than the patience does not end the turn") {
  Talk talk({.patience_ms = 1500});
  talk.say("the list");
  talk.pass(900);
  talk.say("of items");
  CHECK(talk.turns.turn() == Turn::hearing);
  talk.pass(1600);
  CHECK(talk.actions == std::vector<TurnAction>{{Kind::ask, "the list of items"}});
}

TEST_CASE("a noise without words is nobody's turn") {
  Talk talk;
  talk.turns.voice(true, talk.now);
  talk.pass(400);
  CHECK(talk.turns.turn() == Turn::hearing);
  talk.turns.voice(false, talk.now);
  talk.pass(2000);
  CHECK(talk.turns.turn() == Turn::listening);
  CHECK(talk.actions.empty());
}

TEST_CASE("words that are still on their way are waited for") {
  Talk talk;
  talk.turns.voice(true, talk.now);
  talk.pass(500);
  talk.turns.words("", true, talk.now);
  talk.turns.voice(false, talk.now);
  talk.pass(2000);
  CHECK(talk.turns.turn() == Turn::hearing);
  talk.turns.words("yes", false, talk.now);
  talk.pass(100);
  CHECK(talk.turns.turn() == Turn::thinking);
}

TEST_CASE("a voice over the answer holds it at once, and words end it") {
  Talk talk;
  talk.say("tell me all");
  talk.pass(800);
  talk.answer();
  talk.pass(1000);
  talk.turns.voice(true, talk.now);
  talk.pass(140);
  CHECK(talk.count(Kind::hold_voice) == 0);
  talk.pass(20);
  CHECK(talk.count(Kind::hold_voice) == 1);
  CHECK(talk.turns.turn() == Turn::interrupted);
  talk.pass(300);
  talk.turns.words("stop", false, talk.now);
  talk.take();
  CHECK(talk.count(Kind::drop_answer) == 1);
  CHECK(talk.turns.turn() == Turn::hearing);
  talk.turns.voice(false, talk.now);
  talk.pass(800);
  CHECK(talk.actions.back() == TurnAction{Kind::ask, "stop"});
}

TEST_CASE("after a cough over the answer the voice goes on") {
  Talk talk;
  talk.say("tell me all");
  talk.pass(800);
  talk.answer();
  talk.turns.voice(true, talk.now);
  talk.pass(200);
  talk.turns.voice(false, talk.now);
  talk.pass(880);
  CHECK(talk.count(Kind::resume_voice) == 0);
  talk.pass(60);
  CHECK(talk.count(Kind::resume_voice) == 1);
  CHECK(talk.turns.turn() == Turn::speaking);
  CHECK(talk.count(Kind::drop_answer) == 0);
}

TEST_CASE("a click shorter than the threshold does not even hold the voice") {
  Talk talk;
  talk.say("tell me all");
  talk.pass(800);
  talk.answer();
  for (int i = 0; i < 5; ++i) {
    talk.turns.voice(true, talk.now);
    talk.pass(100);
    talk.turns.voice(false, talk.now);
    talk.pass(100);
  }
  CHECK(talk.count(Kind::hold_voice) == 0);
}

TEST_CASE("who goes on speaking while it thinks goes on with the same question") {
  Talk talk;
  talk.say("how many items");
  talk.pass(720);
  REQUIRE(talk.turns.turn() == Turn::thinking);
  talk.say("are in the list", 800);
  CHECK(talk.count(Kind::drop_answer) == 1);
  talk.pass(800);
  CHECK(talk.actions.back() == TurnAction{Kind::ask, "how many items are in the list"});
}

TEST_CASE("words that come late still belong to the question") {
  Talk talk;
  talk.say("how many");
  talk.pass(720);
  REQUIRE(talk.turns.turn() == Turn::thinking);
  talk.turns.words("items", false, talk.now);
  talk.pass(800);
  CHECK(talk.actions.back() == TurnAction{Kind::ask, "how many items"});
}

TEST_CASE("with push-to-talk only what is said while the key is down counts, and releasing it asks") {
  Talk talk({.hands_free = false});
  talk.say("not for you");
  talk.pass(2000);
  CHECK(talk.actions.empty());
  CHECK(talk.turns.turn() == Turn::listening);
  talk.turns.talk_key(true, talk.now);
  CHECK(talk.turns.turn() == Turn::hearing);
  talk.say("for you");
  talk.pass(3000);  // however long the pause
  CHECK(talk.turns.turn() == Turn::hearing);
  talk.turns.talk_key(false, talk.now);
  talk.pass(100);
  CHECK(talk.actions == std::vector<TurnAction>{{Kind::end_utterance, ""}, {Kind::ask, "for you"}});
  talk.answer();
  talk.turns.talk_key(true, talk.now);  // the key interrupts at once
  talk.take();
  CHECK(talk.actions.back().kind == Kind::drop_answer);
}

TEST_CASE("a key that was pressed in vain is no question") {
  Talk talk({.hands_free = false});
  talk.turns.talk_key(true, talk.now);
  talk.pass(500);
  talk.turns.talk_key(false, talk.now);
  talk.pass(1000);
  CHECK(talk.turns.turn() == Turn::listening);
  CHECK(talk.count(Kind::ask) == 0);
}

TEST_CASE("muted, nothing that is heard counts; the answer is still spoken to its end") {
  Talk talk;
  talk.say("half a");
  talk.turns.mute(true, talk.now);
  CHECK(talk.turns.turn() == Turn::listening);
  talk.say("nobody hears this");
  talk.pass(2000);
  CHECK(talk.actions.empty());
  talk.turns.mute(false, talk.now);
  talk.say("now");
  talk.pass(800);
  REQUIRE(talk.turns.turn() == Turn::thinking);
  talk.answer();
  talk.turns.mute(true, talk.now);
  talk.turns.voice(true, talk.now);
  talk.pass(1000);
  CHECK(talk.turns.turn() == Turn::speaking);
}

TEST_CASE("to stop listening drops the answer; to start again begins anew") {
  Talk talk;
  talk.say("tell me all");
  talk.pass(800);
  talk.answer();
  talk.turns.listen(false, talk.now);
  talk.take();
  CHECK(talk.count(Kind::drop_answer) == 1);
  CHECK(talk.turns.turn() == Turn::idle);
  talk.turns.voice(true, talk.now);
  talk.turns.words("hello", false, talk.now);
  talk.pass(2000);
  CHECK(talk.turns.turn() == Turn::idle);
  talk.turns.listen(true, talk.now);
  talk.pass(2000);
  CHECK(talk.turns.turn() == Turn::listening);
  CHECK(talk.count(Kind::ask) == 1);
}
