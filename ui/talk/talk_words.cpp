#include "ui/talk/talk_words.h"

#include <QObject>
#include <QStringList>

#include "ui/format.h"

namespace catena::ui {
namespace {

QString tr(const char* text) { return QObject::tr(text); }

TalkWords whileOff(const TalkState& state, bool running, bool hearing) {
  if (state.reading) return {TalkSign::speaking, tr("Reading aloud"), tr("Shift+F4 stops it.")};
  if (!state.dictating) {
    if (!running) return {TalkSign::off, tr("Off"), tr("Talk (F7) begins a conversation.")};
    return {hearing ? TalkSign::hearing : TalkSign::writing, hearing ? tr("Hearing you") : tr("Writing down"),
            tr("What is said is written here and not answered.")};
  }
  if (!running)
    return {TalkSign::no_sound, tr("No microphone"), tr("Dictation waits for sound: Ctrl+M turns the microphone on.")};
  if (state.muted) return {TalkSign::muted, tr("Muted"), tr("Nothing that is said counts. Shift+F7 ends it.")};
  return {hearing ? TalkSign::hearing : TalkSign::listening, tr("Dictating"),
          tr("What you say is typed at the cursor, until you say \"stop dictation\".")};
}

}  // namespace

TalkWords wordsFor(const TalkState& state, const TalkSettings& settings, bool running, bool hearing) {
  const bool hands_free = settings.hands_free, by_voice = hands_free && settings.barge_in;
  if (state.turn == Turn::off) return whileOff(state, running, hearing);
  const auto spoken = [&](const QString& word) { return state.muted ? tr("%1, muted").arg(word) : word; };
  switch (state.turn) {
    case Turn::thinking:
      return {TalkSign::thinking, spoken(tr("Thinking")), tr("The answer is on its way.")};
    case Turn::speaking:
      return {TalkSign::speaking, spoken(tr("Speaking")),
              by_voice ? tr("Speak to interrupt, or press Shift+F4.") : tr("Shift+F4 stops it.")};
    case Turn::held:
      return {TalkSign::hearing, spoken(tr("Interrupted")),
              tr("Say on; after a pause without words the answer goes on.")};
    default:
      break;
  }
  if (!state.source)
    return {TalkSign::no_sound, tr("No microphone"), tr("Ctrl+M turns it on; the sound panel says what is wrong.")};
  if (state.muted) return {TalkSign::muted, tr("Muted"), tr("Nothing that is said counts. Shift+F7 ends it.")};
  if (state.turn == Turn::hearing)
    return {TalkSign::hearing, tr("Hearing you"),
            hands_free ? tr("A pause ends your turn.") : tr("Letting go of F9 ends your turn.")};
  if (state.reading)
    return {TalkSign::speaking, tr("Reading aloud"),
            by_voice ? tr("Say \"stop\", or press Shift+F4.") : tr("Shift+F4 stops it.")};
  return {TalkSign::listening, tr("Listening"), hands_free ? tr("Just speak.") : tr("Hold F9 while you speak.")};
}

QString lineOf(const TurnFigures& figures) {
  QStringList parts;
  const auto add = [&](const QString& name, double ms) {
    if (ms >= 0) parts << name + u' ' + formatMs(ms);
  };
  add(tr("words"), figures.words_ms);
  add(tr("first reply"), figures.first_reply_ms);
  add(tr("first sound"), figures.first_sound_ms);
  return parts.join(QStringLiteral(", "));
}

}  // namespace catena::ui
