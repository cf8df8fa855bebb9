// The text editor: Scintilla, with a suggestion painted over it.
//
// The suggestion is drawn by this widget after Scintilla has painted: it is never part of the document, so it cannot
// enter the undo history, move text or be saved by accident. Text is UTF-8 and positions are bytes throughout. Edits
// are reported as Scintilla makes them (position, removed, inserted): the whole text is never copied on a key stroke.
#pragma once

#include <QByteArray>
#include <optional>

#include "ui/editor/ghost_layout.h"
#include "ui/editor/ghost_model.h"
#include "ui/editor/scintilla.h"
#include "ui/typing_probe.h"

namespace catena::ui {

class CodeEditor : public QsciScintillaBase {
  Q_OBJECT
 public:
  explicit CodeEditor(QWidget* parent = nullptr);

  /// Replaces everything; not undoable, no textChanged is reported.
  void loadText(const QByteArray& text);
  /// A copy of everything. Costs a pass over the text: for saving, not for key strokes.
  QByteArray textCopy() const;
  QByteArray textRange(int position, int length) const;
  QByteArray selectedText() const;
  int byteCount() const;

  int caret() const;
  void setCaret(int byte_position);
  void goToLine(int line_number);  ///< from 1
  /// Finds from the selection on, wrapping around; selects and shows the place.
  bool find(const QString& what, bool forward, bool match_case);

  bool isModified() const;
  void setSaved();
  void setReadOnly(bool read_only);
  bool isReadOnly() const;
  /// Colours by the file's suffix; plain beyond a size at which colouring would be felt.
  void setLanguageFor(const QString& file_name);
  void setTabMovesFocus(bool moves) { tab_moves_focus_ = moves; }

  /// Sends one of Scintilla's editing commands (SCI_UNDO, SCI_PASTE, ...), as a key would.
  void command(unsigned int message);
  /// Puts it at the cursor, or in the place of the selection, as one step to undo. Lines end with \n. Whether it was
  /// possible.
  bool insertText(const QByteArray& text);

  // The suggestion.
  void ghostAsked(quint64 request, int byte_position);
  void offer(const Suggestion& suggestion);
  bool acceptAll();
  bool acceptWord();
  bool acceptLine();
  void cycle(int step);
  bool dismissGhost();
  const GhostModel& ghost() const { return ghost_; }
  GhostPlacement ghostPlacement() const;
  /// Automatic questions make sense here: writable, no selection, not inside a word, no popup.
  bool wantsSuggestion() const;

  TypingProbe& probe() { return probe_; }

 Q_SIGNALS:
  /// `user`: typed or pasted, as opposed to undo, redo.
  void edited(int byte_position, int removed_bytes, const QByteArray& inserted, bool user);
  void caretMoved(int byte_position);
  void ghostChanged();
  void suggestionWanted();  ///< Ctrl+Space
  void modifiedChanged(bool modified);
  void filesDropped(const QStringList& paths);
  void readOnlyEditTried();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  bool focusNextPrevChild(bool next) override;
  bool canInsertFromMimeData(const QMimeData* source) const override;

 private:
  /// A change of the document as Scintilla announces it, just before it is made.
  struct Edit {
    int position = 0, length = 0;
    bool insert = false, user = false;
    QByteArray removed = {};
  };
  void onBeforeModified(int position, int type, int length);
  void tellEdit();
  void onCharAdded(int character);
  bool ghostKey(QKeyEvent* event);
  void checkCaret();
  void ghostMayHaveChanged(bool changed);
  void updateMargin();
  void restyle();
  QString lineEnd() const;
  bool popupOpen() const;

  GhostModel ghost_;
  TypingProbe probe_;
  std::optional<Edit> edit_;  // not told yet; made as soon as Scintilla has gone on
  QString language_file_;
  int known_caret_ = 0;
  int margin_digits_ = 0;
  bool loading_ = false;
  bool laid_out_ = false;
  bool tab_moves_focus_ = false;
  bool answer_fresh_ = false;
};

}  // namespace catena::ui
