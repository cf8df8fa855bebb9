#include "app/session/conversation_service.h"

#include <optional>
#include <utility>

namespace catena::app {
namespace {

constexpr int kTickMs = 20;
constexpr int kEchoMs = 800;  // a room, the hang-over of voice activity, a chunk of the reader

// The window answers this action with its settings of the voice.
constexpr const char* kVoiceSettings = "ui:voice-settings";
constexpr const char* kFallback = "voice:fallback";

QString text(const std::string& utf8) { return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size())); }

ui::Turn shown(Turn turn) {
  switch (turn) {
    case Turn::idle:
      break;
    case Turn::listening:
      return ui::Turn::listening;
    case Turn::hearing:
      return ui::Turn::hearing;
    case Turn::thinking:
      return ui::Turn::thinking;
    case Turn::speaking:
      return ui::Turn::speaking;
    case Turn::interrupted:
      return ui::Turn::held;
  }
  return ui::Turn::off;
}

std::string joined(const QVector<ui::SpokenWord>& words) {
  std::string result;
  for (const ui::SpokenWord& word : words) result.append(result.empty() ? "" : " ").append(word.text.toStdString());
  return result;
}

/// Nothing for what the window is not asked.
std::optional<ui::SpokenCommand> for_window(const Understood& command) {
  using What = ui::SpokenCommand::What;
  switch (command.what) {
    case Asked::open:
      return ui::SpokenCommand{What::open, 0};
    case Asked::save:
      return ui::SpokenCommand{What::save, 0};
    case Asked::read_aloud:
      return ui::SpokenCommand{What::read_aloud, 0};
    case Asked::accept:
      return ui::SpokenCommand{What::accept, 0};
    case Asked::undo:
      return ui::SpokenCommand{What::undo, 0};
    case Asked::chunk_length:
      return ui::SpokenCommand{What::chunk_length, command.number};
    default:
      return std::nullopt;
  }
}

}  // namespace

ConversationService::ConversationService(ConversationParts parts, QObject* parent)
    : QObject(parent),
      parts_(std::move(parts)),
      conversation_(needs(), {}),
      reading_([this](const std::string& piece) { return say(piece); }, [this] { parts_.silence(); }) {
  connect(&ticking_, &QTimer::timeout, this, &ConversationService::tick);
}

ConversationNeeds ConversationService::needs() {
  ConversationNeeds needs;
  needs.say = [this](const std::string& text) { return say(text); };
  needs.silence = [this] { parts_.silence(); };
  needs.end_utterance = [this] { parts_.end_utterance(); };
  needs.ask = [this](std::uint64_t number, const std::string& question) {
    question_ = number;
    parts_.ask(number, question);
  };
  needs.cancel = [this](std::uint64_t number) { parts_.cancel(number); };
  needs.settle = [this](const std::string& heard) { parts_.settle(heard); };
  needs.note = [this](const std::string& question, const std::string& answer) {
    timing_.first_reply(static_cast<double>(parts_.now()));
    parts_.note(question, answer);
  };
  needs.facts = [this] { return parts_.facts(); };
  needs.carry_out = [this](const Understood& command) { return carryOut(command); };
  needs.line = [this](const ConversationLine& line) { show(line); };
  return needs;
}

std::uint64_t ConversationService::say(const std::string& text) {
  const audio::VoiceSettings voice{settings_.voice.toStdString(), settings_.words_a_minute, settings_.pitch,
                                   settings_.volume};
  return parts_.say(text, voice, settings_.loudspeaker.toStdString());
}

CommandResult ConversationService::carryOut(const Understood& command) {
  if (command.what == Asked::stop) return {true};  // whoever speaks stops the voice
  const std::optional<ui::SpokenCommand> wanted = for_window(command);
  if (!wanted) return {};
  const ui::CommandOutcome outcome = parts_.carry_out(*wanted);
  return {outcome.done, outcome.line.toStdString()};
}

ui::TalkState ConversationService::state() const {
  return {shown(conversation_.turn()), conversation_.muted(), source_, reading_.active(), dictating_};
}

bool ConversationService::deaf() const {
  if (conversation_.muted()) return true;
  if (settings_.barge_in || !settings_.hands_free) return false;
  return conversation_.turn() == Turn::speaking || reading_.active() || parts_.now() < voice_heard_until_;
}

void ConversationService::apply(const ui::TalkSettings& settings) {
  settings_ = settings;
  TurnSettings turns;
  turns.patience_ms = settings.patience_ms;
  turns.hands_free = settings.hands_free;
  conversation_.set(turns);
}

void ConversationService::setTalking(bool on) {
  if (on) dictating_ = false;
  voice_ = open_ = voice_ && !on;
  conversation_.listen(on, parts_.now());
  if (on)
    ticking_.start(kTickMs);
  else
    ticking_.stop();
  settle();
}

void ConversationService::setMuted(bool muted) {
  conversation_.mute(muted, parts_.now());
  settle();
}

void ConversationService::holdToTalk(bool down) {
  if (!down) timing_.speech_ended(static_cast<double>(parts_.now()));
  conversation_.talk_key(down, parts_.now());
  settle();
}

void ConversationService::setDictating(bool on) {
  if (on == dictating_) return;
  if (on) setTalking(false);
  dictating_ = on;
  if (on) dictation_ = {};
  settle();
}

void ConversationService::readAloud(const QString& text) {
  conversation_.drop(parts_.now());
  reading_.start(text.toStdString());
  settle();
}

void ConversationService::stopVoice() {
  reading_.stop();
  conversation_.drop(parts_.now());
  settle();
}

void ConversationService::hear(const ui::SoundFigures& figures) {
  source_ = figures.running && !figures.device.isEmpty();
  voice_ = source_ && figures.speech && !deaf();
  conversation_.hear(voice_, {}, open_, parts_.now());
  settle();
}

void ConversationService::hear(const ui::SoundSegment& segment) {
  if (segment.speech) timing_.speech_ended(static_cast<double>(parts_.now()) - segment.detection_latency_ms);
}

void ConversationService::hear(const ui::SpeechUpdate& update) {
  if (deaf()) {
    open_ = false;
    return;
  }
  if (dictating_) {
    std::vector<std::string> words;
    for (const ui::SpokenWord& word : update.settled) words.push_back(word.text.toStdString());
    dictate(dictation_.hear(words, update.utterance_ended, update.phrase.toStdString()));
    return;
  }
  const std::string settled = joined(update.settled);
  open_ = !update.open.isEmpty();
  if (!settled.empty()) timing_.words(static_cast<double>(parts_.now()));
  conversation_.hear(voice_, settled, open_, parts_.now());
  if (update.utterance_ended) conversation_.utterance_ended(update.phrase.toStdString());
  settle();
}

void ConversationService::dictate(const std::vector<DictationEdit>& edits) {
  for (const DictationEdit& edit : edits) {
    switch (edit.kind) {
      case DictationEdit::Kind::insert:
        Q_EMIT dictated({text(edit.text), false});
        break;
      case DictationEdit::Kind::undo:
        Q_EMIT dictated({{}, true});
        break;
      case DictationEdit::Kind::accept:
        parts_.carry_out({ui::SpokenCommand::What::accept, 0});
        break;
      case DictationEdit::Kind::stop:
        setDictating(false);
        return;
    }
  }
}

void ConversationService::firstToken(std::uint64_t number) {
  if (number == question_) timing_.first_reply(static_cast<double>(parts_.now()));
}

void ConversationService::sentence(std::uint64_t number, const std::string& text) {
  conversation_.sentence(number, text, parts_.now());
  settle();
}

void ConversationService::answered(std::uint64_t number) {
  conversation_.answer_complete(number, parts_.now());
  settle();
}

void ConversationService::voice(const audio::SpeakerEvent& event) {
  using Kind = audio::SpeakerEvent::Kind;
  const bool of_reading = reading_.owns(event.number);
  if (event.kind == Kind::finished || event.kind == Kind::stopped) voice_heard_until_ = parts_.now() + kEchoMs;
  switch (event.kind) {
    case Kind::opened:
      opened(event.text);
      break;
    case Kind::started:
      if (of_reading) break;
      conversation_.voice_started(event.number, parts_.now());
      if (conversation_.turn() != Turn::speaking || std::exchange(sounded_, true)) break;
      timing_.first_sound(static_cast<double>(parts_.now()));
      Q_EMIT figures(timing_.figures());
      break;
    case Kind::word:
      if (of_reading)
        reading_.word(event.number, event.byte);
      else
        conversation_.voice_word(event.number, event.byte);
      break;
    case Kind::finished:
      if (of_reading)
        reading_.finished(event.number);
      else
        conversation_.voice_finished(event.number, parts_.now());
      break;
    case Kind::stopped:
      break;  // whoever stopped it knows
    case Kind::failed:
      failed(event);
      break;
  }
  settle();
}

void ConversationService::opened(const std::string& loudspeaker) {
  ui::Notice notice{ui::Panel::transcript, {}, tr("Voice settings"), QLatin1String(kVoiceSettings), true};
  Q_EMIT this->notice(notice);  // the voice can be heard again
  const QString used = text(loudspeaker);
  notice.action_id = QLatin1String(kFallback);
  notice.action.clear();
  notice.resolved = settings_.loudspeaker.isEmpty() || used == settings_.loudspeaker;
  if (!notice.resolved)
    notice.text = tr("Loudspeaker '%1' is not there: '%2' is used until it is chosen anew in the voice settings.")
                      .arg(settings_.loudspeaker, used);
  Q_EMIT this->notice(notice);
}

void ConversationService::failed(const audio::SpeakerEvent& event) {
  Q_EMIT notice({ui::Panel::transcript, text(event.text), tr("Voice settings"), QLatin1String(kVoiceSettings), false});
  if (reading_.owns(event.number))
    reading_.stop();
  else
    conversation_.voice_failed(event.number, parts_.now());
}

void ConversationService::show(const ConversationLine& line) {
  if (line.from_user) {
    reading_.stop();
    timing_.asked();
    sounded_ = false;
  } else if (!std::exchange(sounded_, true)) {
    Q_EMIT figures(timing_.figures());  // only written
  }
  Q_EMIT this->line({line.from_user, text(line.text), line.interrupted});
}

void ConversationService::tick() {
  conversation_.tick(parts_.now());
  settle();
}

void ConversationService::settle() {
  // Reading aloud gives way to whoever speaks, and goes on when those were no words.
  const Turn turn = conversation_.turn();
  if (turn == Turn::hearing || turn == Turn::interrupted)
    reading_.hold();
  else
    reading_.resume();
  const ui::TalkState now = state();
  if (now == told_) return;
  told_ = now;
  Q_EMIT changed(now);
}

}  // namespace catena::app
