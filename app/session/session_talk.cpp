// The conversation's part of the session: what its threads tell is handed over to the UI thread, where the conversation
// lives.
#include <utility>

#include "app/conversation/questions.h"
#include "app/session/session.h"

namespace catena::app {

AnswerEvents AppSession::answerEvents() {
  const auto later = [this](auto tell) {
    return [this, tell](auto... values) {
      QMetaObject::invokeMethod(
          this, [tell, values...] { tell(values...); }, Qt::QueuedConnection);
    };
  };
  AnswerEvents events;
  events.first_token = later([this](std::uint64_t number) { conversation_.firstToken(number); });
  events.sentence =
      later([this](std::uint64_t number, const std::string& text) { conversation_.sentence(number, text); });
  events.complete = later([this](std::uint64_t number) { conversation_.answered(number); });
  events.reads = [this](std::int64_t place, std::span<const model::Token> tokens) {
    compare_.conversation_reads(place, tokens);
  };
  events.failed = later([this](const std::string& line) {
    Q_EMIT notice({ui::Panel::transcript, QString::fromStdString(line), {}, {}, false});
  });
  return events;
}

ConversationParts AppSession::conversationParts() {
  ConversationParts parts;
  parts.now = [this] { return clock_.elapsed(); };
  parts.say = [this](const std::string& text, const audio::VoiceSettings& settings, const std::string& loudspeaker) {
    return speaker_.say(text, settings, loudspeaker);
  };
  parts.silence = [this] { speaker_.stop(); };
  parts.end_utterance = [this] { speech_.end_utterance(); };
  parts.ask = [this](std::uint64_t number, const std::string& question) { answers_.ask(number, question); };
  parts.cancel = [this](std::uint64_t number) { answers_.cancel(number); };
  parts.settle = [this](const std::string& heard) { answers_.settle(heard); };
  parts.note = [this](const std::string& question, const std::string& answer) { answers_.note(question, answer); };
  parts.facts = [this] { return facts(); };
  parts.carry_out = [this](const ui::SpokenCommand& command) {
    return carry_out ? carry_out(command) : ui::CommandOutcome();
  };
  return parts;
}

void AppSession::connectConversation() {
  connect(&conversation_, &ConversationService::changed, this, &Session::talkChanged);
  connect(&conversation_, &ConversationService::line, this, &Session::talkLine);
  connect(&conversation_, &ConversationService::figures, this, &Session::turnFigures);
  connect(&conversation_, &ConversationService::dictated, this, &Session::dictated);
  connect(&conversation_, &ConversationService::notice, this, &Session::notice);
  connect(&sound_, &SoundLink::figures, &conversation_, qOverload<const ui::SoundFigures&>(&ConversationService::hear));
  connect(&sound_, &SoundLink::segment, &conversation_, qOverload<const ui::SoundSegment&>(&ConversationService::hear));
  connect(&sound_, &SoundLink::voicesChanged, this, &Session::voicesChanged);
}

void AppSession::setTalking(bool on) {
  if (on) {
    answers_.prepare();
    sound_.refreshDevices();  // a loudspeaker may have come
  }
  conversation_.setTalking(on);
}

Facts AppSession::facts() const {
  Facts facts = facts_of_the_moment();
  facts.state_bytes = static_cast<std::int64_t>(answers_.state_bytes()) + last_heard_.state_bytes;
  facts.chunk_ms = last_heard_.compute_percent / 100 * settings_.sound_chunk_ms;
  if (open_file) facts.open_file = open_file().toStdString();
  return facts;
}

void AppSession::heard(ui::SpeechUpdate update) {
  if (conversation_.deaf()) {
    update.settled.clear();
    update.open.clear();
  }
  last_heard_ = update;
  // What is said belongs to what is written meanwhile, unless it is typed itself or an order to the program.
  for (const ui::SpokenWord& word : update.settled)
    utterance_ += (utterance_.empty() ? "" : " ") + word.text.toStdString();
  if (update.utterance_ended && !utterance_.empty()) {
    const std::string words = std::exchange(utterance_, {});
    const bool order = understand(update.phrase.isEmpty() ? words : update.phrase.toStdString()).has_value();
    if (!order && !conversation_.state().dictating) jobs_.post([this, words] { service_.hear(words); });
  }
  conversation_.hear(update);  // before it is shown: an answer that these words cut short comes before them
  Q_EMIT spoken(update);
}

}  // namespace catena::app
