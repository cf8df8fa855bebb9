// Joins one editor to the session: reports its edits, asks for suggestions a moment after the last key, hands the
// answers back.
#pragma once

#include <QObject>
#include <QTimer>

#include "ui/session.h"

namespace catena::ui {

class CodeEditor;

class Suggester : public QObject {
  Q_OBJECT
 public:
  /// Both must outlive it. `document` is the session's number of the editor's text.
  Suggester(Session& session, CodeEditor& editor, DocumentId document, QObject* parent);

  /// Suggestions while typing; off still answers Ctrl+Space.
  void setAutomatic(bool automatic);
  void askNow();

 private:
  void onEdited(int byte_position, int removed_bytes, const QByteArray& inserted, bool user);
  void ask(bool explicitly);

  Session& session_;
  CodeEditor& editor_;
  DocumentId document_;
  QTimer debounce_;
  bool automatic_ = true;
};

}  // namespace catena::ui
