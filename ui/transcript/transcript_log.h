// What was said, utterance by utterance, and the formats it is exported in. Plain values.
#pragma once

#include <QDateTime>
#include <QString>
#include <QVector>

#include "ui/session.h"

namespace catena::ui {

enum class Who {
  somebody,  ///< nobody talks to the program
  user,
  program
};

struct Utterance {
  QDateTime began;  ///< by the clock, when its first word was shown
  QVector<SpokenWord> words;
  bool ended = false;
  Who who = Who::somebody;
  QString answer = {};       ///< the program's: what was heard of it
  bool interrupted = false;  ///< before the answer's end

  QString text() const;
};

/// "you", "Catena" or nothing.
QString nameOf(Who who);

class TranscriptLog {
 public:
  /// Settled words join the running utterance, or begin one of `who`.
  void add(const SpeechUpdate& update, const QDateTime& now, Who who = Who::somebody);
  /// An answer is a line of its own; the running utterance ends before it.
  void addAnswer(const TalkLine& line, const QDateTime& now);
  void clear() { utterances_.clear(); }

  const QVector<Utterance>& utterances() const { return utterances_; }
  bool isEmpty() const { return utterances_.isEmpty(); }

  QString toText() const;   ///< a line an utterance, the time of day before it
  QString toSrt() const;    ///< SubRip: times of the sound, since the source was opened; without answers
  QByteArray toJson() const;  ///< a list of utterances with their words, times in ms and confidences

 private:
  QVector<Utterance> utterances_;
};

}  // namespace catena::ui
