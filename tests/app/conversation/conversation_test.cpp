#include <catch2/catch.hpp>
#include <map>

#include "app/conversation/conversation.h"

using namespace catena::app;

namespace {

/// Everything around a conversation, played by hand: who answers, and a voice that says a word every 300 ms.
struct World {
  std::vector<std::string> asked, settled, noted, said;
  std::vector<ConversationLine> lines;
  std::vector<Understood> commands;
  std::uint64_t question = 0, cancelled = 0, voices = 0;
  int silences = 0;
  std::int64_t now = 0;
  // the voice
  std::vector<std::pair<std::uint64_t, std::string>> queue;
  std::size_t at = 0;
  std::int64_t next_word = 0;

  ConversationNeeds needs() {
    ConversationNeeds n;
    n.say = [this](const std::string& text) {
      said.push_back(text);
      queue.emplace_back(++voices, text);
      return voices;
    };
    n.silence = [this] {
      ++silences;
      queue.clear();
      at = 0;
    };
    n.end_utterance = [] {};
    n.ask = [this](std::uint64_t number, const std::string& text) {
      question = number;
      asked.push_back(text);
    };
    n.cancel = [this](std::uint64_t number) { cancelled = number; };
    n.settle = [this](const std::string& heard) { settled.push_back(heard); };
    n.note = [this](const std::string& q, const std::string& a) { noted.push_back(q + " -> " + a); };
    n.facts = [] { return Facts{.state_bytes = 1000, .hour = 12, .minute = 30}; };
    n.carry_out = [this](const Understood& command) {
      commands.push_back(command);
      return CommandResult{command.what != Asked::chunk_length || command.number >= 8};
    };
    n.line = [this](const ConversationLine& line) { lines.push_back(line); };
    return n;
  }
  Conversation conversation{needs(), {}};

  World() { conversation.listen(true, now); }

  void speak() {
    if (queue.empty() || now < next_word) return;
    next_word = now + 300;
    const auto [number, text] = queue.front();
    if (at == 0) conversation.voice_started(number, now);
    if (at >= text.size()) {
      queue.erase(queue.begin());
      at = 0;
      conversation.voice_finished(number, now);
      return;
    }
    conversation.voice_word(number, at);
    at = std::min(text.find(' ', at + 1), text.size());
    if (at < text.size()) ++at;
  }
  void pass(int ms) {
    for (const std::int64_t end = now + ms; now < end;) {
      now += 20;
      speak();
      conversation.tick(now);
    }
  }
  /// phrase: what the recogniser of phrases makes of it.
  void say(const std::string& text, const std::string& phrase = {}) {
    conversation.hear(true, "", true, now);
    pass(400);
    conversation.hear(false, text, false, now);
    conversation.utterance_ended(phrase);
    pass(760);
  }
};

}  // namespace

TEST_CASE("a question goes to who answers, and the answer is spoken sentence by sentence while it is made") {
  World world;
  world.say("tell me about the sea");
  REQUIRE(world.asked == std::vector<std::string>{"tell me about the sea"});
  CHECK(world.conversation.turn() == Turn::thinking);
  world.conversation.sentence(world.question, "It is wide.", world.now);
  world.pass(200);
  CHECK(world.conversation.turn() == Turn::speaking);
  world.conversation.sentence(world.question, "And it is deep.", world.now);
  world.conversation.answer_complete(world.question, world.now);
  world.pass(4000);
  CHECK(world.conversation.turn() == Turn::listening);
  CHECK(world.said == std::vector<std::string>{"It is wide.", "And it is deep."});
  CHECK(world.settled == std::vector<std::string>{"It is wide. And it is deep."});
  REQUIRE(world.lines.size() == 2);
  CHECK(world.lines[0].from_user);
  CHECK_FALSE(world.lines[1].interrupted);
}

TEST_CASE("who interrupts stops the voice, and the chain is told what was heard of the answer") {
  World world;
  world.say("tell me about the sea");
  world.conversation.sentence(world.question, "It is very wide and blue.", world.now);
  world.conversation.sentence(world.question, "Nobody hears this.", world.now);
  world.pass(1000);
  world.conversation.hear(true, "", false, world.now);
  world.pass(160);
  CHECK(world.silences == 1);
  CHECK(world.conversation.turn() == Turn::interrupted);
  world.conversation.hear(true, "wait", false, world.now);
  CHECK(world.cancelled == world.question);
  REQUIRE(world.settled.size() == 1);
  CHECK(world.settled[0] == "It is very");
  CHECK(world.lines.back().interrupted);
  CHECK(world.lines.back().text == "It is very");
  world.conversation.sentence(world.question, "too late", world.now);  // of the old answer
  world.pass(1000);
  CHECK(world.said.size() == 2);
  world.conversation.hear(false, "", false, world.now);
  world.pass(800);
  CHECK(world.asked.back() == "wait");
}

TEST_CASE("after a false interruption the voice goes on from the word it was at, and nothing is lost") {
  World world;
  world.say("tell me about the sea");
  world.conversation.sentence(world.question, "It is very wide and blue.", world.now);
  world.conversation.answer_complete(world.question, world.now);
  world.pass(1000);
  world.conversation.hear(true, "", false, world.now);
  world.pass(200);
  world.conversation.hear(false, "", false, world.now);
  world.pass(1000);
  CHECK(world.said.back() == "wide and blue.");
  world.pass(3000);
  CHECK(world.settled == std::vector<std::string>{"It is very wide and blue."});
  CHECK(world.conversation.turn() == Turn::listening);
}

TEST_CASE("what is known is answered from facts, and becomes part of the conversation") {
  World world;
  world.say("hello there");
  world.conversation.answer_complete(world.question, world.now);
  world.say("what did i just say");
  CHECK(world.said.back() == "You said: hello there.");
  CHECK(world.noted.back() == "what did i just say -> You said: hello there.");
  CHECK(world.asked.size() == 1);  // nobody else was asked
  world.pass(3000);
  world.say("what time is it");
  CHECK(world.said.back() == "It is 12:30.");
}

TEST_CASE("commands are carried out, and what cannot be done is said") {
  World world;
  world.say("chunk size sixty four");
  REQUIRE(world.commands.size() == 1);
  CHECK(world.commands[0] == Understood{Asked::chunk_length, 64});
  CHECK(world.said.back() == "The chunk length is 64 now.");
  world.pass(4000);
  world.say("chunk size two");
  CHECK(world.said.back() == "The chunk length can be 8 to 512.");
  world.pass(4000);
  world.say("read it to me");  // no answer beside what it does
  CHECK(world.conversation.turn() == Turn::listening);
}

TEST_CASE("a turn that is recognised as a command is one, whatever words were read") {
  World world;
  world.say("shave the while", "save the file");
  REQUIRE(world.commands == std::vector<Understood>{{Asked::save}});
  CHECK(world.asked.empty());
  CHECK(world.lines.front().text == "save the file");
}

TEST_CASE("a phrase counts for its own turn and where that has no other utterance") {
  World world;
  world.conversation.hear(true, "", true, world.now);
  world.pass(400);
  world.conversation.hear(false, "tell me", false, world.now);
  world.conversation.utterance_ended("");
  world.pass(300);
  world.conversation.hear(true, "", true, world.now);
  world.pass(400);
  world.conversation.hear(false, "stopped", false, world.now);
  world.conversation.utterance_ended("stop");
  world.pass(760);
  CHECK(world.asked == std::vector<std::string>{"tell me stopped"});
  world.conversation.utterance_ended("stop");  // too late for that turn
  world.conversation.sentence(world.question, "Yes.", world.now);
  world.conversation.answer_complete(world.question, world.now);
  world.pass(2000);
  world.say("and then");
  CHECK(world.asked == std::vector<std::string>{"tell me stopped", "and then"});
  CHECK(world.commands.empty());
}

TEST_CASE("a recognised phrase that is none of the program's is talk as it was read") {
  World world;
  world.say("comma", "comma");
  CHECK(world.asked == std::vector<std::string>{"comma"});
}

TEST_CASE("a command that is said while the talk key is held is one as well") {
  World world;
  world.conversation.set({.hands_free = false});
  for (int turn = 1; turn <= 2; ++turn) {
    world.conversation.talk_key(true, world.now);
    world.conversation.hear(true, "", true, world.now);
    world.pass(400);
    world.conversation.talk_key(false, world.now);  // before voice activity knows of the end
    world.conversation.hear(true, "and do that", false, world.now);
    world.conversation.utterance_ended("undo that");
    world.pass(100);
    CHECK(world.commands.size() == static_cast<std::size_t>(turn));
    world.conversation.hear(false, "", false, world.now);
    world.conversation.utterance_ended("undo that");  // as voice activity tells it
    world.pass(4000);
  }
  CHECK(world.asked.empty());
}
