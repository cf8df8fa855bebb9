// Keys, mouse, drops and the context menu of the editor.
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMimeData>
#include <QUrl>

#include "ui/editor/code_editor.h"

namespace catena::ui {

bool CodeEditor::ghostKey(QKeyEvent* event) {
  const auto modifiers = event->modifiers() & ~(Qt::KeypadModifier | Qt::GroupSwitchModifier);
  const int key = event->key();
  if (key == Qt::Key_Space && modifiers == Qt::ControlModifier) {
    Q_EMIT suggestionWanted();
    return true;
  }
  // These two would otherwise type a bracket.
  const bool bracket = key == Qt::Key_BracketRight || key == Qt::Key_BracketLeft;
  if (bracket && modifiers == Qt::AltModifier) {
    if (!popupOpen()) cycle(key == Qt::Key_BracketRight ? 1 : -1);
    return true;
  }
  if (!ghost_.visible() || popupOpen()) return false;
  const bool tab_accepts = !tab_moves_focus_;
  if (key == Qt::Key_Tab && modifiers == Qt::NoModifier) return tab_accepts && acceptAll();
  if (key == Qt::Key_Backtab || (key == Qt::Key_Tab && modifiers == Qt::ShiftModifier))
    return tab_accepts && acceptLine();
  if (key == Qt::Key_Right && modifiers == Qt::ControlModifier) return acceptWord();
  if (key == Qt::Key_Escape && modifiers == Qt::NoModifier) return dismissGhost();
  return false;
}

void CodeEditor::keyPressEvent(QKeyEvent* event) {
  if (ghostKey(event)) {
    event->accept();
    return;
  }
  const bool tab = event->key() == Qt::Key_Tab || event->key() == Qt::Key_Backtab;
  if (tab && tab_moves_focus_) {
    QWidget::focusNextPrevChild(event->key() == Qt::Key_Tab);
    event->accept();
    return;
  }
  const bool types = !event->text().isEmpty() && event->text()[0].isPrint() &&
                     !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier));
  if (types) probe_.keyPressed();
  QsciScintillaBase::keyPressEvent(event);
  checkCaret();
}

void CodeEditor::mouseReleaseEvent(QMouseEvent* event) {
  QsciScintillaBase::mouseReleaseEvent(event);
  checkCaret();
}

// Scintilla keeps Tab for itself; keyPressEvent hands it on when the user chose so.
bool CodeEditor::focusNextPrevChild(bool next) {
  return tab_moves_focus_ ? QAbstractScrollArea::focusNextPrevChild(next) : false;
}

bool CodeEditor::canInsertFromMimeData(const QMimeData* source) const {
  return source->hasText() && !source->hasUrls();
}

void CodeEditor::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls())
    event->acceptProposedAction();
  else
    QsciScintillaBase::dragEnterEvent(event);
}

void CodeEditor::dropEvent(QDropEvent* event) {
  if (!event->mimeData()->hasUrls()) {
    QsciScintillaBase::dropEvent(event);
    return;
  }
  QStringList paths;
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) paths.append(url.toLocalFile());
  event->acceptProposedAction();
  if (!paths.isEmpty()) Q_EMIT filesDropped(paths);
}

void CodeEditor::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu(this);
  const auto add = [&](const QString& text, unsigned int message, bool enabled) {
    QAction* action = menu.addAction(text, this, [this, message] { command(message); });
    action->setEnabled(enabled);
  };
  const bool selection = SendScintilla(SCI_GETSELECTIONEMPTY) == 0;
  add(tr("Undo"), SCI_UNDO, SendScintilla(SCI_CANUNDO) != 0);
  add(tr("Redo"), SCI_REDO, SendScintilla(SCI_CANREDO) != 0);
  menu.addSeparator();
  add(tr("Cut"), SCI_CUT, selection && !isReadOnly());
  add(tr("Copy"), SCI_COPY, selection);
  add(tr("Paste"), SCI_PASTE, SendScintilla(SCI_CANPASTE) != 0);
  menu.addSeparator();
  add(tr("Select all"), SCI_SELECTALL, true);
  menu.addSeparator();
  QAction* accept = menu.addAction(tr("Accept suggestion"), this, [this] { acceptAll(); });
  accept->setEnabled(ghost_.visible());
  menu.addAction(tr("Suggest now"), this, &CodeEditor::suggestionWanted);
  menu.exec(event->globalPos());
}

}  // namespace catena::ui
