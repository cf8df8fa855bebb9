#include "ui/transcript/transcript_view.h"

#include <QScrollBar>
#include <QTextBlock>

namespace catena::ui {
namespace {

constexpr double kUnsure = 0.6;

}  // namespace

TranscriptView::TranscriptView(QWidget* parent) : QPlainTextEdit(parent) {
  setReadOnly(true);
  setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  setAccessibleName(tr("Transcript"));
  setPlaceholderText(tr("What is said appears here. Talk, turn the microphone on, or play a sound file."));
  setUndoRedoEnabled(false);
}

QTextCharFormat TranscriptView::formatOf(const SpokenWord& word) const {
  QTextCharFormat format;
  format.setToolTip(tr("confidence %1 %").arg(qRound(100 * word.confidence)));
  if (confidence_shown_ && word.confidence < kUnsure) format.setUnderlineStyle(QTextCharFormat::DotLine);
  return format;
}

void TranscriptView::removeOpen() {
  if (open_length_ == 0) return;
  QTextCursor cursor(document());
  cursor.movePosition(QTextCursor::End);
  cursor.movePosition(QTextCursor::Left, QTextCursor::KeepAnchor, open_length_);
  cursor.removeSelectedText();
  open_length_ = 0;
}

void TranscriptView::appendOpen() {
  if (open_.isEmpty()) return;
  QTextCursor cursor(document());
  cursor.movePosition(QTextCursor::End);
  QTextCharFormat format;
  format.setForeground(palette().color(QPalette::Disabled, QPalette::Text));
  format.setFontItalic(true);  // not the colour alone
  QString text = open_;
  if (line_begun_)
    text.prepend(QLatin1Char(' '));
  else if (!document()->isEmpty())
    text.prepend(QLatin1Char('\n'));
  const int before = document()->characterCount();
  cursor.insertText(text, format);
  open_length_ = document()->characterCount() - before;
}

void TranscriptView::append(const SpokenWord& word, bool first, const Utterance& utterance) {
  QTextCursor cursor(document());
  cursor.movePosition(QTextCursor::End);
  if (first)
    beginLine(cursor, utterance);
  else
    cursor.insertText(QStringLiteral(" "), QTextCharFormat());
  cursor.insertText(word.text, formatOf(word));
}

void TranscriptView::beginLine(QTextCursor& cursor, const Utterance& utterance) {
  if (!document()->isEmpty()) cursor.insertBlock();
  QTextCharFormat time;
  time.setForeground(palette().color(QPalette::Disabled, QPalette::Text));
  cursor.insertText(utterance.began.toString(QStringLiteral("HH:mm:ss  ")), time);
  const QString name = nameOf(utterance.who);
  if (name.isEmpty()) return;
  QTextCharFormat bold;
  bold.setFontWeight(QFont::Bold);
  cursor.insertText(name + QStringLiteral(": "), bold);
}

void TranscriptView::appendAnswer(const Utterance& answer) {
  QTextCursor cursor(document());
  cursor.movePosition(QTextCursor::End);
  beginLine(cursor, answer);
  cursor.insertText(answer.text(), QTextCharFormat());
}

bool TranscriptView::atEnd() const { return verticalScrollBar()->value() >= verticalScrollBar()->maximum() - 2; }
void TranscriptView::scrollToEnd() { verticalScrollBar()->setValue(verticalScrollBar()->maximum()); }

void TranscriptView::addAnswer(const Utterance& answer) {
  const bool at_end = atEnd();
  removeOpen();
  appendAnswer(answer);
  line_begun_ = false;
  appendOpen();
  if (at_end) scrollToEnd();
}

void TranscriptView::add(const SpeechUpdate& update, const Utterance* running) {
  QStringList texts;
  for (const SpokenWord& word : update.open) texts.append(word.text);
  const QString open = texts.join(QLatin1Char(' '));
  if (update.settled.isEmpty() && open == open_ && !update.utterance_ended) return;
  const bool at_end = atEnd();  // else somebody reads further up
  removeOpen();
  for (const SpokenWord& word : update.settled) {
    append(word, !line_begun_, *running);
    line_begun_ = true;
  }
  if (update.utterance_ended) line_begun_ = false;
  open_ = open;
  appendOpen();
  if (at_end) scrollToEnd();
}

void TranscriptView::show(const TranscriptLog& log) {
  clear();
  open_length_ = 0;
  line_begun_ = false;
  for (const Utterance& utterance : log.utterances()) {
    if (utterance.who == Who::program) appendAnswer(utterance);
    for (qsizetype i = 0; i < utterance.words.size(); ++i) append(utterance.words[i], i == 0, utterance);
    line_begun_ = !utterance.ended;
  }
  appendOpen();
  scrollToEnd();
}

bool TranscriptView::findNext(const QString& text, bool forward) {
  if (text.isEmpty()) return true;
  const QTextDocument::FindFlags flags = forward ? QTextDocument::FindFlags() : QTextDocument::FindBackward;
  if (find(text, flags)) return true;
  const QTextCursor before = textCursor();
  moveCursor(forward ? QTextCursor::Start : QTextCursor::End);
  if (find(text, flags)) return true;
  setTextCursor(before);
  return false;
}

}  // namespace catena::ui
