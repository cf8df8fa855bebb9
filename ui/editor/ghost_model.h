// What is suggested at the cursor, and how it changes while one types. Plain data, no widget.
//
// A question is asked at a byte position (the origin). Its answers are texts that would be inserted there. What the
// user types after the origin is remembered: as long as it agrees with an answer, the suggestion shrinks instead of
// restarting, and a late answer still fits. Anything else drops the suggestion. Questions may be asked along the way,
// since every letter tells more: what is shown gives way only to an answer that begins with another word.
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>

#include "ui/session.h"

namespace catena::ui {

class GhostModel {
 public:
  /// A question went out. What is shown stays until its answer comes.
  void asked(quint64 request, int byte_position);

  /// An answer came. Returns whether the suggestion shown has changed: it stays when the best answer begins with the
  /// same word, or there is none. Answers to older questions or for other places are ignored.
  bool offer(const Suggestion& suggestion);

  /// The text changed. Returns whether the suggestion shown has changed.
  bool edited(int byte_position, const QByteArray& removed, const QByteArray& inserted);

  /// Drops the suggestion and the question. Returns whether something was shown.
  bool dismiss();

  bool visible() const { return !text().isEmpty(); }
  /// A question is out and no answer came yet.
  bool waiting() const { return request_ != 0 && !answered_; }
  /// Where the remaining text would be inserted.
  int caret() const { return caret_; }
  quint64 request() const { return request_; }

  /// The remaining text (UTF-8, lines end with \n), empty when nothing is suggested.
  QByteArray text() const;
  /// Up to the end of the next word, the space before it included.
  QByteArray nextWord() const;
  /// Up to the end of the line; when the line is done, the line break and the next line.
  QByteArray nextLine() const;

  /// Another alternative that fits what was typed. Returns whether the suggestion shown has changed.
  bool cycle(int step);
  int alternatives() const { return static_cast<int>(fitting().size()); }
  /// Index of the shown one among alternatives().
  int index() const { return static_cast<int>(fitting().indexOf(index_)); }

 private:
  QList<int> fitting() const;
  /// What is left of an answer behind what was typed; empty when it does not fit.
  QByteArray remaining(const QByteArray& answer) const;

  quint64 request_ = 0;
  bool answered_ = false;
  int origin_ = 0;
  int caret_ = 0;     // origin plus what was typed since, in bytes of the document
  QByteArray typed_;  // with \n for any line end
  QList<QByteArray> answers_;
  int index_ = 0;
};

}  // namespace catena::ui
