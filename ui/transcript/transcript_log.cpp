#include "ui/transcript/transcript_log.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>

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

QString nameOf(Who who) {
  return who == Who::user ? QObject::tr("you") : who == Who::program ? QObject::tr("Catena") : QString();
}

QString Utterance::text() const {
  if (who == Who::program) return interrupted ? answer + QStringLiteral(" - ") + QObject::tr("(interrupted)") : answer;
  QStringList texts;
  for (const SpokenWord& word : words) texts.append(word.text);
  return texts.join(QLatin1Char(' '));
}

void TranscriptLog::add(const SpeechUpdate& update, const QDateTime& now, Who who) {
  if (!update.settled.isEmpty()) {
    if (utterances_.isEmpty() || utterances_.last().ended) utterances_.append({now, {}, false, who});
    utterances_.last().words += update.settled;
  }
  if (update.utterance_ended && !utterances_.isEmpty()) utterances_.last().ended = true;
}

void TranscriptLog::addAnswer(const TalkLine& line, const QDateTime& now) {
  if (!utterances_.isEmpty()) utterances_.last().ended = true;
  utterances_.append({now, {}, true, Who::program, line.text, line.interrupted});
}

QString TranscriptLog::toText() const {
  QString text;
  for (const Utterance& utterance : utterances_) {
    const QString name = nameOf(utterance.who);
    text += utterance.began.toString(QStringLiteral("HH:mm:ss  ")) +
            (name.isEmpty() ? QString() : name + QStringLiteral(": ")) + utterance.text() + QLatin1Char('\n');
  }
  return text;
}

QString TranscriptLog::toSrt() const {
  QString text;
  int number = 0;
  for (const Utterance& utterance : utterances_) {
    if (utterance.words.isEmpty()) continue;
    text +=
        QStringLiteral("%1\n%2 --> %3\n%4\n\n")
            .arg(++number)
            .arg(srtTime(utterance.words.first().start_ms), srtTime(utterance.words.last().end_ms), utterance.text());
  }
  return text;
}

QByteArray TranscriptLog::toJson() const {
  QJsonArray list;
  for (const Utterance& utterance : utterances_) {
    QJsonArray words;
    for (const SpokenWord& word : utterance.words) {
      words.append(QJsonObject{
          {"text", word.text}, {"start_ms", word.start_ms}, {"end_ms", word.end_ms}, {"confidence", word.confidence}});
    }
    QJsonObject object{{"began", utterance.began.toString(Qt::ISODate)}, {"text", utterance.text()}, {"words", words}};
    if (utterance.who == Who::program) {
      object["text"] = utterance.answer;
      object["interrupted"] = utterance.interrupted;
    }
    if (utterance.who != Who::somebody) object["who"] = nameOf(utterance.who).toLower();
    list.append(object);
  }
  return QJsonDocument(list).toJson();
}

}  // namespace catena::ui
