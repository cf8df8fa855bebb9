// The transcript as text: settled words, and behind them in grey how it goes on.
#pragma once

#include <QPlainTextEdit>

#include "ui/transcript/transcript_log.h"

namespace catena::ui {

class TranscriptView : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit TranscriptView(QWidget* parent = nullptr);

  /// Appends what an update settled, and shows its open words in place of the last ones.
  void add(const SpeechUpdate& update, const Utterance* running);
  /// An answer, before the open words.
  void addAnswer(const Utterance& answer);
  /// Everything anew.
  void show(const TranscriptLog& log);
  /// Words that the reader is not sure of are underlined.
  void setConfidenceShown(bool shown) { confidence_shown_ = shown; }
  /// Looks for the next place behind the cursor, from the top when there is none. False: nowhere.
  bool findNext(const QString& text, bool forward);

  QString openText() const { return open_; }

 private:
  QTextCharFormat formatOf(const SpokenWord& word) const;
  void removeOpen();
  void appendOpen();
  void append(const SpokenWord& word, bool first, const Utterance& utterance);
  void beginLine(QTextCursor& cursor, const Utterance& utterance);
  void appendAnswer(const Utterance& answer);
  bool atEnd() const;
  void scrollToEnd();

  bool confidence_shown_ = false;
  bool line_begun_ = false;  // the running utterance has a line already
  QString open_;
  int open_length_ = 0;  // characters at the document's end
};

}  // namespace catena::ui
