#include "ui/editor/suggester.h"

#include "ui/editor/code_editor.h"

namespace catena::ui {
namespace {
// One key stroke can be several edits (a new line and its indentation, a paste over a selection): one question for all
// of them.
constexpr int debounce_ms = 5;
}  // namespace

Suggester::Suggester(Session& session, CodeEditor& editor, DocumentId document, QObject* parent)
    : QObject(parent), session_(session), editor_(editor), document_(document) {
  debounce_.setSingleShot(true);
  debounce_.setTimerType(Qt::PreciseTimer);
  debounce_.setInterval(debounce_ms);
  connect(&debounce_, &QTimer::timeout, this, [this] { ask(false); });
  connect(&editor_, &CodeEditor::edited, this, &Suggester::onEdited);
  connect(&editor_, &CodeEditor::caretMoved, this, [this](int position) { session_.cursorMoved(document_, position); });
  connect(&editor_, &CodeEditor::suggestionWanted, this, &Suggester::askNow);
  connect(&session_, &Session::suggestionReady, this, [this](const Suggestion& suggestion) {
    if (suggestion.document == document_) editor_.offer(suggestion);
  });
  connect(&session_, &Session::modelChanged, this, [this](const ModelInfo& info) {
    if (info.loaded && automatic_ && editor_.hasFocus()) debounce_.start();  // what was typed while it loaded
  });
}

void Suggester::setAutomatic(bool automatic) {
  automatic_ = automatic;
  if (automatic) return;
  debounce_.stop();
  session_.cancelSuggestion();
  editor_.dismissGhost();
}

void Suggester::askNow() {
  debounce_.stop();
  ask(true);
}

void Suggester::onEdited(int byte_position, int removed_bytes, const QByteArray& inserted, bool user) {
  session_.textChanged(document_, byte_position, removed_bytes, inserted);
  if (!user || !automatic_) {
    debounce_.stop();
    return;
  }
  debounce_.start();  // also along a suggestion: every letter tells more
}

void Suggester::ask(bool explicitly) {
  if (!session_.model().loaded || editor_.isReadOnly()) return;
  if (!explicitly && !editor_.wantsSuggestion()) return;
  const int position = editor_.caret();
  const quint64 request = session_.requestSuggestion(document_, position, explicitly);
  editor_.ghostAsked(request, position);
}

}  // namespace catena::ui
