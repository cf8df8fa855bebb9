// The window's conversation with everything around it played by hand: sound, words, who answers, the voice, the window.
#include <catch2/catch.hpp>

#include "app/session/conversation_service.h"
#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;
using Kind = audio::SpeakerEvent::Kind;

namespace {

struct World {
  std::int64_t now = 0;
  std::vector<std::string> said, loudspeakers, asked, settled, noted;
  std::vector<audio::VoiceSettings> voices;
  std::vector<ui::SpokenCommand> commands;
  ui::CommandOutcome outcome{true, {}};
  std::uint64_t question = 0, cancelled = 0;
  int silences = 0, ended = 0;
  std::vector<ui::TalkState> states;
  std::vector<ui::TalkLine> lines;
  std::vector<ui::TurnFigures> figures;
  std::vector<ui::Notice> notices;
  std::vector<ui::Dictated> dictated;
  std::unique_ptr<ConversationService> service;

  World() {
    application();
    ConversationParts parts;
    parts.now = [this] { return now; };
    parts.say = [this](const std::string& text, const audio::VoiceSettings& settings, const std::string& loudspeaker) {
      said.push_back(text);
      voices.push_back(settings);
      loudspeakers.push_back(loudspeaker);
      return said.size();
    };
    parts.silence = [this] { ++silences; };
    parts.end_utterance = [this] { ++ended; };
    parts.ask = [this](std::uint64_t number, const std::string& text) {
      question = number;
      asked.push_back(text);
    };
    parts.cancel = [this](std::uint64_t number) { cancelled = number; };
    parts.settle = [this](const std::string& heard) { settled.push_back(heard); };
    parts.note = [this](const std::string& q, const std::string& a) { noted.push_back(q + " -> " + a); };
    parts.facts = [] { return Facts{.open_file = "list.cpp", .hour = 12, .minute = 30}; };
    parts.carry_out = [this](const ui::SpokenCommand& command) {
      commands.push_back(command);
      if (command.what == ui::SpokenCommand::What::read_aloud) service->readAloud("One. Two. Three.");
      return outcome;
    };
    service = std::make_unique<ConversationService>(parts, nullptr);
    QObject::connect(service.get(), &ConversationService::changed, [this](const auto& s) { states.push_back(s); });
    QObject::connect(service.get(), &ConversationService::line, [this](const auto& l) { lines.push_back(l); });
    QObject::connect(service.get(), &ConversationService::figures, [this](const auto& f) { figures.push_back(f); });
    QObject::connect(service.get(), &ConversationService::notice, [this](const auto& n) { notices.push_back(n); });
    QObject::connect(service.get(), &ConversationService::dictated, [this](const auto& d) { dictated.push_back(d); });
  }

  ui::Turn turn() const { return service->state().turn; }
  void pass(int ms) {
    for (const std::int64_t end = now + ms; now < end;) {
      now += 20;
      service->tick();
    }
  }
  void sound(bool speech, bool running = true) {
    ui::SoundFigures f;
    f.running = running;
    f.device = running ? "microphone" : "";
    f.speech = speech;
    service->hear(f);
  }
  void words(const QString& settled, bool ended = true) {
    ui::SpeechUpdate update;
    for (const QString& word : settled.split(' ')) update.settled.append({word, 0, 0, 1});
    update.utterance_ended = ended;
    service->hear(update);
  }
  void say(const QString& text) {
    sound(true);
    pass(400);
    sound(false);
    service->hear(ui::SoundSegment{0, now, true, 300});
    pass(60);
    words(text);
    pass(760);
  }
  void voice(Kind kind, std::uint64_t number, std::size_t byte = 0, const std::string& text = {}) {
    service->voice({kind, number, byte, text});
  }
  void speak_all() {
    for (std::size_t i = 1; i <= said.size(); ++i) {
      voice(Kind::started, i);
      voice(Kind::finished, i);
    }
  }
};

}  // namespace

TEST_CASE("a spoken question is answered aloud, and every state on the way is told", "[conversation]") {
  World world;
  world.service->setTalking(true);
  world.say("tell me about the sea");
  REQUIRE(world.asked == std::vector<std::string>{"tell me about the sea"});
  world.now += 100;
  world.service->firstToken(world.question);
  world.service->sentence(world.question, "It is wide.");
  world.service->answered(world.question);
  world.now += 80;
  world.voice(Kind::started, 1);
  CHECK(world.turn() == ui::Turn::speaking);
  world.voice(Kind::finished, 1);
  CHECK(world.turn() == ui::Turn::listening);
  std::vector<ui::Turn> turns;
  for (const ui::TalkState& state : world.states) {
    if (turns.empty() || turns.back() != state.turn) turns.push_back(state.turn);
  }
  CHECK(turns == std::vector<ui::Turn>{ui::Turn::listening, ui::Turn::hearing, ui::Turn::thinking, ui::Turn::speaking,
                                       ui::Turn::listening});
  REQUIRE(world.lines.size() == 2);
  CHECK(world.lines[0].from_user);
  CHECK(world.lines[1].text == "It is wide.");
  REQUIRE(world.figures.size() == 1);
  CHECK(world.figures[0].words_ms == 360);  // 300 ms until the pause was noticed, 60 ms for the words
  CHECK(world.figures[0].first_reply_ms == 1220);  // with the patience
  CHECK(world.figures[0].first_sound_ms == 1300);
  CHECK(world.settled == std::vector<std::string>{"It is wide."});
}

TEST_CASE("facts come from the program, commands go to the window, and what it cannot do is said", "[conversation]") {
  World world;
  world.service->setTalking(true);
  world.say("what file is open");
  CHECK(world.said.back() == "The open file is list.cpp.");
  world.speak_all();
  world.say("save the file");
  REQUIRE(world.commands.size() == 1);
  CHECK(world.commands[0].what == ui::SpokenCommand::What::save);
  CHECK(world.said.back() == "Saved.");
  world.speak_all();
  world.say("chunk size sixty four");
  CHECK(world.commands.back().number == 64);
  world.speak_all();
  world.outcome = {false, "There is nothing to undo."};
  world.say("undo that");
  CHECK(world.said.back() == "There is nothing to undo.");
  world.speak_all();
  world.outcome = {};
  world.say("open a file");
  CHECK(world.said.back() == "That cannot be done here.");
  CHECK(world.asked.empty());
}

TEST_CASE("who speaks over an answer stops it, and the line says what was heard", "[conversation]") {
  World world;
  world.service->setTalking(true);
  world.say("tell me about the sea");
  world.service->sentence(world.question, "It is very wide and blue.");
  world.voice(Kind::started, 1);
  world.voice(Kind::word, 1, 11);
  world.sound(true);
  world.pass(160);
  CHECK(world.silences == 1);
  CHECK(world.turn() == ui::Turn::held);
  world.words("wait", false);
  CHECK(world.cancelled == world.question);
  CHECK(world.lines.back().interrupted);
  CHECK(world.lines.back().text == "It is very");
  CHECK(world.turn() == ui::Turn::hearing);
}

TEST_CASE("without headphones the voice is not taken for the user's, where that was chosen", "[conversation]") {
  World world;
  ui::TalkSettings settings;
  settings.barge_in = false;
  world.service->apply(settings);
  world.service->setTalking(true);
  world.say("tell me about the sea");
  world.service->sentence(world.question, "It is wide.");
  world.service->answered(world.question);
  world.voice(Kind::started, 1);
  world.sound(true);
  world.pass(400);
  CHECK(world.turn() == ui::Turn::speaking);
  CHECK(world.service->deaf());
  world.voice(Kind::finished, 1);
  world.words("it is wide");  // the end of the echo
  world.sound(true);
  CHECK(world.turn() == ui::Turn::listening);
  world.sound(false);
  world.pass(1000);
  world.say("and blue");
  CHECK(world.asked.back() == "and blue");
  CHECK(world.asked.size() == 2);
}

TEST_CASE("muted, nothing that is said counts", "[conversation]") {
  World world;
  world.service->setTalking(true);
  world.service->setMuted(true);
  world.say("tell me about the sea");
  CHECK(world.asked.empty());
  CHECK(world.service->state().muted);
  world.service->setMuted(false);
  world.say("tell me about the sea");
  CHECK(world.asked.size() == 1);
}

TEST_CASE("push to talk: only what is said while the key is held counts", "[conversation]") {
  World world;
  ui::TalkSettings settings;
  settings.hands_free = false;
  world.service->apply(settings);
  world.service->setTalking(true);
  world.say("this is for somebody else");
  CHECK(world.asked.empty());
  world.service->holdToTalk(true);
  CHECK(world.turn() == ui::Turn::hearing);
  world.words("hello there", false);
  world.service->holdToTalk(false);
  CHECK(world.ended == 1);
  world.pass(700);
  CHECK(world.asked == std::vector<std::string>{"hello there"});
}

TEST_CASE("patience, voice and loudspeaker are the settings'", "[conversation]") {
  World world;
  ui::TalkSettings settings;
  settings.patience_ms = 2000;
  settings.voice = "de";
  settings.words_a_minute = 120;
  settings.loudspeaker = "Headset";
  world.service->apply(settings);
  world.service->setTalking(true);
  world.say("what time is it");
  CHECK(world.said.empty());
  world.pass(1400);
  REQUIRE(world.said == std::vector<std::string>{"It is 12:30."});
  CHECK(world.voices[0].voice == "de");
  CHECK(world.voices[0].words_a_minute == 120);
  CHECK(world.loudspeakers[0] == "Headset");
}

TEST_CASE("a voice that cannot speak is one notice, the answer is written, and the conversation goes on",
          "[conversation]") {
  World world;
  world.service->setTalking(true);
  world.say("tell me about the sea");
  world.service->sentence(world.question, "It is wide.");
  world.service->sentence(world.question, "It is blue.");
  world.voice(Kind::failed, 1, 0, "there is no loudspeaker; plug one in or choose another output");
  world.service->sentence(world.question, "And deep.");
  world.service->answered(world.question);
  REQUIRE(world.notices.size() == 1);
  CHECK(world.notices[0].panel == ui::Panel::transcript);
  CHECK_FALSE(world.notices[0].resolved);
  CHECK(world.lines.back().text == "It is wide. It is blue. And deep.");
  CHECK_FALSE(world.lines.back().interrupted);
  CHECK(world.turn() == ui::Turn::listening);
  world.voice(Kind::opened, 3, 0, "Built-in");  // the next answer is heard again
  CHECK(world.notices[1].resolved);
  CHECK(world.notices[1].action_id == world.notices[0].action_id);
}

TEST_CASE("another loudspeaker than the chosen one is told, until the chosen one is back", "[conversation]") {
  World world;
  ui::TalkSettings settings;
  settings.loudspeaker = "Headset";
  world.service->apply(settings);
  world.voice(Kind::opened, 1, 0, "Built-in");
  CHECK_FALSE(world.notices.back().resolved);
  CHECK(world.notices.back().text.contains("Headset"));
  CHECK(world.notices.back().text.contains("Built-in"));
  world.voice(Kind::opened, 2, 0, "Headset");
  CHECK(world.notices.back().resolved);
}

TEST_CASE("reading aloud needs no conversation, gives way to words, goes on after a cough, and stops when told",
          "[conversation]") {
  World world;
  world.service->readAloud("One. Two. Three.");
  CHECK(world.service->state().reading);
  CHECK(world.said == std::vector<std::string>{"One.", " Two."});
  world.service->stopVoice();
  CHECK_FALSE(world.service->state().reading);

  world.service->setTalking(true);
  world.said.clear();
  world.say("read it to me");
  CHECK(world.turn() == ui::Turn::listening);
  CHECK(world.said == std::vector<std::string>{"One.", " Two."});
  const int before = world.silences;
  world.sound(true);  // a cough
  CHECK(world.silences == before + 1);
  world.sound(false);
  world.pass(800);
  CHECK(world.said.size() == 4);
  CHECK(world.service->state().reading);
  world.say("stop");
  CHECK_FALSE(world.service->state().reading);
  CHECK(world.turn() == ui::Turn::listening);
  CHECK(world.asked.empty());
}

TEST_CASE("a microphone that goes away is a state, and the answer under way is not lost", "[conversation]") {
  World world;
  world.service->setTalking(true);
  world.sound(false);
  CHECK(world.service->state().source);
  world.say("tell me about the sea");
  world.sound(false, false);
  CHECK_FALSE(world.service->state().source);
  world.service->sentence(world.question, "It is wide.");
  world.service->answered(world.question);
  world.speak_all();
  CHECK(world.lines.back().text == "It is wide.");
  CHECK(world.turn() == ui::Turn::listening);
}

TEST_CASE("talking that is switched off ends the answer at once", "[conversation]") {
  World world;
  world.service->setTalking(true);
  world.say("tell me about the sea");
  world.service->sentence(world.question, "It is wide.");
  world.voice(Kind::started, 1);
  world.service->setTalking(false);
  CHECK(world.silences == 1);
  CHECK(world.turn() == ui::Turn::off);
  world.service->sentence(world.question, "Nobody hears this.");
  CHECK(world.said.size() == 1);
}

TEST_CASE("dictation types what is said instead of answering it, and ends when told", "[conversation]") {
  World world;
  world.service->setTalking(true);
  world.service->setDictating(true);
  CHECK(world.turn() == ui::Turn::off);
  CHECK(world.service->state().dictating);
  world.words("dear ann comma");
  REQUIRE(world.dictated.size() == 1);
  CHECK(world.dictated[0].text == "Dear ann,");
  world.words("undo that");
  CHECK(world.dictated.back().undo);
  world.words("stop dictation");
  CHECK_FALSE(world.service->state().dictating);
  world.words("more");
  CHECK(world.dictated.size() == 2);
  CHECK(world.asked.empty());
}
