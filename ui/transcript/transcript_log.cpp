#include "ui/transcript/transcript_log.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace catena::ui {
namespace {

QString srtTime(qint64 ms) {
  return QStringLiteral("%1:%2:%3,%4")
      .arg(ms / 3600000, 2, 10, QLatin1Char('0'))
      .arg(ms / 60000 % 60, 2, 10, QLatin1Char('0'))
      .arg(ms / 1000 % 60, 2, 10, QLatin1Char('0'))
      .arg(ms % 1000, 3, 10, QLatin1Char('0'));
}

}  // namespace

QString Utterance::text() const {
  QStringList texts;
  for (const SpokenWord& word : words) texts.append(word.text);
  return texts.join(QLatin1Char(' '));
}

void TranscriptLog::add(const SpeechUpdate& update, const QDateTime& now) {
  if (!update.settled.isEmpty()) {
    if (utterances_.isEmpty() || utterances_.last().ended) utterances_.append({now, {}, false});
    utterances_.last().words += update.settled;
  }
  if (update.utterance_ended && !utterances_.isEmpty()) utterances_.last().ended = true;
}

QString TranscriptLog::toText() const {
  QString text;
  for (const Utterance& utterance : utterances_) text += utterance.began.toString(QStringLiteral("HH:mm:ss")) + QStringLiteral("  ") + utterance.text() + QLatin1Char('\n');
  return text;
}

QString TranscriptLog::toSrt() const {
  QString text;
  for (qsizetype i = 0; i < utterances_.size(); ++i) {
    const Utterance& utterance = utterances_[i];
    text += QStringLiteral("%1\n%2 --> %3\n%4\n\n")
                .arg(i + 1)
                .arg(srtTime(utterance.words.first().start_ms), srtTime(utterance.words.last().end_ms), utterance.text());
  }
  return text;
}

QByteArray TranscriptLog::toJson() const {
  QJsonArray list;
  for (const Utterance& utterance : utterances_) {
    QJsonArray words;
    for (const SpokenWord& word : utterance.words) {
      words.append(QJsonObject{{"text", word.text}, {"start_ms", word.start_ms}, {"end_ms", word.end_ms}, {"confidence", word.confidence}});
    }
    list.append(QJsonObject{{"began", utterance.began.toString(Qt::ISODate)}, {"text", utterance.text()}, {"words", words}});
  }
  return QJsonDocument(list).toJson();
}

}  // namespace catena::ui
