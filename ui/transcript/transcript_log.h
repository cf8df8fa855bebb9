// What was said, utterance by utterance, and the formats it is exported in. Plain values.
#pragma once

#include <QDateTime>
#include <QString>
#include <QVector>

#include "ui/session.h"

namespace catena::ui {

struct Utterance {
  QDateTime began;  ///< by the clock, when its first word was shown
  QVector<SpokenWord> words;
  bool ended = false;

  QString text() const;
};

class TranscriptLog {
 public:
  /// Settled words join the running utterance, or begin one.
  void add(const SpeechUpdate& update, const QDateTime& now);
  void clear() { utterances_.clear(); }

  const QVector<Utterance>& utterances() const { return utterances_; }
  bool isEmpty() const { return utterances_.isEmpty(); }

  QString toText() const;   ///< a line an utterance, the time of day before it
  QString toSrt() const;    ///< SubRip: times of the sound, since the source was opened
  QByteArray toJson() const;  ///< a list of utterances with their words, times in ms and confidences

 private:
  QVector<Utterance> utterances_;
};

}  // namespace catena::ui
