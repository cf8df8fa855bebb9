#include "app/conversation/simulated_talk.h"

#include <algorithm>
#include <utility>

namespace catena::app {

SimulatedTalk::SimulatedTalk(const RoomSettings& room, const audio::VoiceSettings& voice, const TurnSettings& turns,
                             ConversationNeeds needs, Read read, std::function<void()> silenced)
    : room_(room, audio::Synthesizer::instance().rate()),
      voice_(voice),
      read_(std::move(read)),
      silenced_(std::move(silenced)),
      conversation_(with_voice(std::move(needs)), turns) {
  conversation_.listen(true, room_.now_ms());
}

ConversationNeeds SimulatedTalk::with_voice(ConversationNeeds needs) {
  needs.say = [this](const std::string& text) { return voice_.say(text); };
  needs.silence = [this] { silence(); };
  needs.line = [this, line = std::move(needs.line)](const ConversationLine& told) {
    if (told.from_user && !std::exchange(said_since_question_, false)) ++self_questions_;
    if (line) line(told);
  };
  return needs;
}

void SimulatedTalk::silence() {
  if (voice_.speaking() && !said_since_voice_) ++self_interruptions_;
  voice_.stop();
  if (silenced_) silenced_();
}

void SimulatedTalk::step(std::span<const float> said) {
  if (std::any_of(said.begin(), said.end(), [](float sample) { return sample != 0; }))
    said_since_voice_ = said_since_question_ = true;
  const std::vector<audio::SpeakerEvent> events = voice_.pass(SimulatedRoom::kStepMs);
  const auto step = static_cast<std::size_t>(voice_.rate()) * SimulatedRoom::kStepMs / 1000;
  const audio::SoundUpdate update = room_.pass(said, std::span(voice_.heard()).last(step));
  echo_ = update.echo;
  voice_active_ = update.speech;
  const SimulatedReading reading = read_(update);
  for (const audio::SpeakerEvent& event : events) tell(event);
  conversation_.hear(update.speech, reading.settled, reading.open, now_ms());
  conversation_.tick(now_ms());
}

void SimulatedTalk::tell(const audio::SpeakerEvent& event) {
  using Kind = audio::SpeakerEvent::Kind;
  if (event.kind == Kind::started) {
    if (conversation_.turn() == Turn::thinking) said_since_voice_ = false;
    conversation_.voice_started(event.number, now_ms());
  }
  if (event.kind == Kind::word) conversation_.voice_word(event.number, event.byte);
  if (event.kind == Kind::finished) conversation_.voice_finished(event.number, now_ms());
}

}  // namespace catena::app
