#include "ui/editor/code_editor.h"

#include <QAccessible>
#include <QContextMenuEvent>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QUrl>

#include "ui/editor/editor_accessible.h"
#include "ui/editor/editor_style.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {

bool isWordByte(int c) { return c == '_' || c >= 0x80 || (c < 0x80 && std::isalnum(c) != 0); }

// Tabs inside a suggestion, as wide as the editor's.
QString withoutTabs(const QString& line, int tab_width, int column) {
  QString out;
  for (const QChar c : line) {
    if (c == u'\t')
      out += QString(tab_width - (column + static_cast<int>(out.size())) % tab_width, u' ');
    else
      out += c;
  }
  return out;
}

}  // namespace

CodeEditor::CodeEditor(QWidget* parent) : QsciScintillaBase(parent) {
  installEditorAccessibility();
  SendScintilla(SCI_SETCODEPAGE, static_cast<unsigned long>(SC_CP_UTF8));
  SendScintilla(SCI_SETWRAPMODE, static_cast<unsigned long>(SC_WRAP_NONE));
  SendScintilla(SCI_SETSCROLLWIDTH, 1UL);
  SendScintilla(SCI_SETSCROLLWIDTHTRACKING, 1UL);
  SendScintilla(SCI_SETENDATLASTLINE, 0UL);  // room for a suggestion below the last line
  SendScintilla(SCI_SETTABWIDTH, 4UL);
  SendScintilla(SCI_SETUSETABS, 0UL);
  SendScintilla(SCI_SETTABINDENTS, 1UL);
  SendScintilla(SCI_SETBACKSPACEUNINDENTS, 1UL);
  SendScintilla(SCI_SETEOLMODE, static_cast<unsigned long>(SC_EOL_LF));
  // Colours up to what is visible, and a jump to the end in slices. Colouring everything after each edit would cost 9
  // ms a key in a megabyte.
  SendScintilla(SCI_SETIDLESTYLING, static_cast<unsigned long>(SC_IDLESTYLING_TOVISIBLE));
  SendScintilla(SCI_SETLAYOUTCACHE, static_cast<unsigned long>(SC_CACHE_PAGE));
  // Told of a text that was inserted, QScintilla counts all characters before it for screen readers, whether there is
  // one or not: 6 ms a key in a megabyte. Told before, it does not.
  SendScintilla(SCI_SETMODEVENTMASK, static_cast<unsigned long>(SC_MOD_BEFOREINSERT | SC_MOD_BEFOREDELETE));
  SendScintilla(SCI_SETMARGINTYPEN, 0UL, static_cast<long>(SC_MARGIN_NUMBER));
  SendScintilla(SCI_SETMARGINWIDTHN, 1UL, 0L);
  SendScintilla(SCI_USEPOPUP, 0UL);  // the context menu is ours
  SendScintilla(SCI_SETCARETPERIOD, 530UL);
  SendScintilla(SCI_SETMARGINLEFT, 0UL, 4L);
  setAcceptDrops(true);
  setAccessibleName(tr("Text editor"));
  setFrameShape(QFrame::NoFrame);
  restyle();
  updateMargin();

  connect(this, &QsciScintillaBase::SCN_MODIFIED, this,
          [this](int position, int type, const char*, int length, int, int, int, int, int, int) {
            onBeforeModified(position, type, length);
          });
  connect(this, &QsciScintillaBase::SCN_CHARADDED, this, &CodeEditor::onCharAdded);
  connect(this, &QsciScintillaBase::SCN_UPDATEUI, this, [this](int updated) {
    if (updated & (SC_UPDATE_V_SCROLL | SC_UPDATE_H_SCROLL) && ghost_.visible()) viewport()->update();
    checkCaret();
  });
  connect(this, &QsciScintillaBase::SCN_SAVEPOINTLEFT, this, [this] { Q_EMIT modifiedChanged(true); });
  connect(this, &QsciScintillaBase::SCN_SAVEPOINTREACHED, this, [this] { Q_EMIT modifiedChanged(false); });
  connect(this, &QsciScintillaBase::SCN_MODIFYATTEMPTRO, this, &CodeEditor::readOnlyEditTried);
  connect(this, &QsciScintillaBase::SCN_ZOOM, this, [this] {
    margin_digits_ = 0;
    updateMargin();
  });
}

// --- text ---------------------------------------------------------------------------------------------------------

void CodeEditor::loadText(const QByteArray& text) {
  tellEdit();
  loading_ = true;
  dismissGhost();
  const bool read_only = isReadOnly();
  SendScintilla(SCI_SETREADONLY, 0UL);
  SendScintilla(SCI_SETUNDOCOLLECTION, 0UL);
  SendScintilla(SCI_CLEARALL);
  SendScintilla(SCI_ALLOCATE, static_cast<unsigned long>(text.size() + 4096));
  SendScintilla(SCI_APPENDTEXT, static_cast<uintptr_t>(text.size()), text.constData());
  SendScintilla(SCI_SETUNDOCOLLECTION, 1UL);
  SendScintilla(SCI_EMPTYUNDOBUFFER);
  SendScintilla(SCI_SETSAVEPOINT);
  SendScintilla(SCI_SETREADONLY, read_only ? 1UL : 0UL);
  const auto first_end = text.indexOf('\n');
  const bool crlf = first_end > 0 && text[first_end - 1] == '\r';
  SendScintilla(SCI_SETEOLMODE, static_cast<unsigned long>(crlf ? SC_EOL_CRLF : SC_EOL_LF));
  SendScintilla(SCI_SETUSETABS, text.contains("\n\t") ? 1UL : 0UL);
  known_caret_ = 0;
  loading_ = false;
  updateMargin();
}

QByteArray CodeEditor::textCopy() const {
  const auto* text = static_cast<const char*>(SendScintillaPtrResult(SCI_GETCHARACTERPOINTER));
  return {text, byteCount()};
}

int CodeEditor::byteCount() const { return static_cast<int>(SendScintilla(SCI_GETLENGTH)); }
int CodeEditor::caret() const { return static_cast<int>(SendScintilla(SCI_GETCURRENTPOS)); }

void CodeEditor::setCaret(int byte_position) {
  SendScintilla(SCI_GOTOPOS, static_cast<unsigned long>(qBound(0, byte_position, byteCount())));
  checkCaret();
}

void CodeEditor::goToLine(int line_number) {
  SendScintilla(SCI_GOTOLINE, static_cast<unsigned long>(qMax(0, line_number - 1)));
  SendScintilla(SCI_VERTICALCENTRECARET);
  checkCaret();
}

bool CodeEditor::find(const QString& what, bool forward, bool match_case) {
  const QByteArray bytes = what.toUtf8();
  if (bytes.isEmpty()) return false;
  SendScintilla(SCI_SETSEARCHFLAGS, static_cast<unsigned long>(match_case ? SCFIND_MATCHCASE : 0));
  const long end = byteCount();
  const auto search = [&](long from, long to) {
    SendScintilla(SCI_SETTARGETRANGE, static_cast<unsigned long>(from), to);
    return SendScintilla(SCI_SEARCHINTARGET, static_cast<uintptr_t>(bytes.size()), bytes.constData());
  };
  const long from = SendScintilla(forward ? SCI_GETSELECTIONEND : SCI_GETSELECTIONSTART);
  long at = search(from, forward ? end : 0);
  if (at < 0) at = search(forward ? 0 : end, from);
  if (at < 0) return false;
  const long target_end = SendScintilla(SCI_GETTARGETEND);
  SendScintilla(SCI_SETSEL, static_cast<unsigned long>(at), target_end);
  SendScintilla(SCI_SCROLLRANGE, static_cast<unsigned long>(target_end), at);
  checkCaret();
  return true;
}

bool CodeEditor::isModified() const { return SendScintilla(SCI_GETMODIFY) != 0; }
void CodeEditor::setSaved() { SendScintilla(SCI_SETSAVEPOINT); }
void CodeEditor::setReadOnly(bool read_only) { SendScintilla(SCI_SETREADONLY, read_only ? 1UL : 0UL); }
bool CodeEditor::isReadOnly() const { return SendScintilla(SCI_GETREADONLY) != 0; }

void CodeEditor::setLanguageFor(const QString& file_name) {
  language_file_ = byteCount() <= 4'000'000 ? file_name : QString();
  restyle();
}

void CodeEditor::command(unsigned int message) {
  SendScintilla(message);
  checkCaret();
}

void CodeEditor::onBeforeModified(int position, int type, int length) {
  if (loading_ || !(type & (SC_MOD_BEFOREINSERT | SC_MOD_BEFOREDELETE))) return;
  tellEdit();
  edit_ = Edit{.position = position,
               .length = length,
               .insert = (type & SC_MOD_BEFOREINSERT) != 0,
               .user = !(type & (SC_PERFORMED_UNDO | SC_PERFORMED_REDO))};
  if (!edit_->insert) edit_->removed = textRange(position, length);
  QMetaObject::invokeMethod(this, &CodeEditor::tellEdit, Qt::QueuedConnection);  // at the latest
}

void CodeEditor::tellEdit() {
  if (!edit_) return;
  const Edit edit = std::move(*edit_);
  edit_.reset();
  const QByteArray inserted = edit.insert ? textRange(edit.position, edit.length) : QByteArray();
  if (screenReaderListens()) {
    const auto offset = static_cast<int>(SendScintilla(SCI_COUNTCHARACTERS, 0UL, static_cast<long>(edit.position)));
    if (edit.insert) {
      QAccessibleTextInsertEvent event(this, offset, QString::fromUtf8(inserted));
      QAccessible::updateAccessibility(&event);
    } else {
      QAccessibleTextRemoveEvent event(this, offset, QString::fromUtf8(edit.removed));
      QAccessible::updateAccessibility(&event);
    }
  }
  const bool changed = ghost_.edited(edit.position, edit.removed, inserted);
  if (changed) answer_fresh_ = false;
  ghostMayHaveChanged(changed);
  Q_EMIT edited(edit.position, static_cast<int>(edit.removed.size()), inserted, edit.user);
  updateMargin();
}

QByteArray CodeEditor::selectedText() const {
  const auto start = static_cast<int>(SendScintilla(SCI_GETSELECTIONSTART));
  return textRange(start, static_cast<int>(SendScintilla(SCI_GETSELECTIONEND)) - start);
}

QByteArray CodeEditor::textRange(int position, int length) const {
  QByteArray bytes(length + 1, '\0');
  SendScintilla(SCI_GETTEXTRANGE, static_cast<long>(position), static_cast<long>(position) + length, bytes.data());
  bytes.chop(1);
  return bytes;
}

// A new line starts where the line before it did.
void CodeEditor::onCharAdded(int character) {
  if (character != '\n') return;
  const long line = SendScintilla(SCI_LINEFROMPOSITION, static_cast<unsigned long>(caret()));
  if (line == 0) return;
  const long start = SendScintilla(SCI_POSITIONFROMLINE, static_cast<unsigned long>(line - 1));
  const long end = SendScintilla(SCI_GETLINEINDENTPOSITION, static_cast<unsigned long>(line - 1));
  QByteArray indent;
  for (long i = start; i < end; ++i)
    indent += static_cast<char>(SendScintilla(SCI_GETCHARAT, static_cast<unsigned long>(i)));
  if (!indent.isEmpty()) SendScintilla(SCI_REPLACESEL, indent.constData());
}

// --- suggestion ---------------------------------------------------------------------------------------------------

void CodeEditor::ghostAsked(quint64 request, int byte_position) { ghost_.asked(request, byte_position); }

void CodeEditor::offer(const Suggestion& suggestion) {
  const bool changed = ghost_.offer(suggestion);
  if (changed) answer_fresh_ = true;
  ghostMayHaveChanged(changed);
}

bool CodeEditor::acceptAll() { return insertText(ghost_.text()); }
bool CodeEditor::acceptWord() { return insertText(ghost_.nextWord()); }
bool CodeEditor::acceptLine() { return insertText(ghost_.nextLine()); }
void CodeEditor::cycle(int step) { ghostMayHaveChanged(ghost_.cycle(step)); }

bool CodeEditor::dismissGhost() {
  const bool shown = ghost_.dismiss();
  ghostMayHaveChanged(shown);
  return shown;
}

QString CodeEditor::lineEnd() const {
  return SendScintilla(SCI_GETEOLMODE) == SC_EOL_CRLF ? QStringLiteral("\r\n") : QStringLiteral("\n");
}

bool CodeEditor::insertText(const QByteArray& text) {
  if (text.isEmpty() || isReadOnly()) return false;
  QByteArray bytes = text;
  bytes.replace("\n", lineEnd().toUtf8());
  SendScintilla(SCI_BEGINUNDOACTION);  // one undo step of its own, apart from the typing before it
  SendScintilla(SCI_REPLACESEL, bytes.constData());
  SendScintilla(SCI_ENDUNDOACTION);
  checkCaret();
  return true;
}

bool CodeEditor::popupOpen() const { return SendScintilla(SCI_AUTOCACTIVE) != 0; }

bool CodeEditor::wantsSuggestion() const {
  if (isReadOnly() || popupOpen()) return false;
  if (SendScintilla(SCI_GETSELECTIONEMPTY) == 0) return false;
  const int next = static_cast<uchar>(SendScintilla(SCI_GETCHARAT, static_cast<unsigned long>(caret())));
  return next == 0 || !isWordByte(next);
}

void CodeEditor::checkCaret() {
  tellEdit();
  const int now = caret();
  if (ghost_.request() != 0 && now != ghost_.caret()) dismissGhost();
  if (now == known_caret_) return;
  known_caret_ = now;
  Q_EMIT caretMoved(now);
}

void CodeEditor::ghostMayHaveChanged(bool changed) {
  if (!changed) return;
  viewport()->update();
  setAccessibleDescription(ghost_.visible() ? tr("Suggestion: %1").arg(QString::fromUtf8(ghost_.text())) : QString());
  Q_EMIT ghostChanged();
}

GhostPlacement CodeEditor::ghostPlacement() const {
  if (!ghost_.visible() || popupOpen()) return {};
  const auto position = static_cast<unsigned long>(caret());
  const auto line = static_cast<unsigned long>(SendScintilla(SCI_LINEFROMPOSITION, position));
  const long line_end = SendScintilla(SCI_GETLINEENDPOSITION, line);
  const long margin_width = SendScintilla(SCI_GETMARGINWIDTHN, 0UL) + SendScintilla(SCI_GETMARGINLEFT);
  const auto x_of = [&](long at) { return static_cast<int>(SendScintilla(SCI_POINTXFROMPOSITION, 0UL, at)); };

  GhostGeometry g;
  g.caret_x = x_of(static_cast<long>(position));
  g.caret_y = static_cast<int>(SendScintilla(SCI_POINTYFROMPOSITION, 0UL, static_cast<long>(position)));
  g.text_left = static_cast<int>(margin_width - SendScintilla(SCI_GETXOFFSET));
  g.line_end_x = x_of(line_end);
  g.line_height = static_cast<int>(SendScintilla(SCI_TEXTHEIGHT, line));
  g.view_width = viewport()->width();
  g.view_height = viewport()->height();
  for (long at = static_cast<long>(position); at < line_end && g.rest_is_blank; ++at) {
    const long c = SendScintilla(SCI_GETCHARAT, static_cast<unsigned long>(at));
    g.rest_is_blank = c == ' ' || c == '\t';
  }
  const QFontMetrics metrics(editorFont(this));
  g.width = [&metrics](const QString& text) { return metrics.horizontalAdvance(text); };

  const int tab_width = static_cast<int>(SendScintilla(SCI_GETTABWIDTH));
  const int column = static_cast<int>(SendScintilla(SCI_GETCOLUMN, position));
  QStringList lines = QString::fromUtf8(ghost_.text()).split(u'\n');
  for (int i = 0; i < lines.size(); ++i) lines[i] = withoutTabs(lines[i], tab_width, i == 0 ? column : 0);

  const long last_line = SendScintilla(SCI_GETLINECOUNT) - 1;
  for (int i = 1; i < lines.size() && static_cast<long>(line) + i <= last_line; ++i) {
    const auto below = line + static_cast<unsigned long>(i);
    const long end = SendScintilla(SCI_GETLINEENDPOSITION, below);
    const bool blank = SendScintilla(SCI_GETLINEINDENTPOSITION, below) == end;
    g.below_end_x.push_back(blank ? g.text_left : x_of(end));
  }
  return placeGhost(lines, g);
}

// --- view ---------------------------------------------------------------------------------------------------------

void CodeEditor::paintEvent(QPaintEvent* event) {
  tellEdit();
  if (!laid_out_) {  // a cursor set before the first layout was scrolled to in a view of another height
    laid_out_ = true;
    SendScintilla(SCI_SETFIRSTVISIBLELINE, 0UL);
    SendScintilla(SCI_SCROLLCARET);
  }
  QsciScintillaBase::paintEvent(event);
  const GhostPlacement placement = ghostPlacement();
  if (placement.lines.empty()) return;
  QPainter painter(viewport());
  const QFont font = editorFont(this);
  painter.setFont(font);
  const Colors& colors = colorsFor(palette());
  painter.setPen(colors.ghost);
  const int margin = static_cast<int>(SendScintilla(SCI_GETMARGINWIDTHN, 0UL));
  painter.setClipRect(QRect(margin, 0, viewport()->width() - margin, viewport()->height()));
  const int ascent = QFontMetrics(font).ascent();
  const int height = static_cast<int>(SendScintilla(SCI_TEXTHEIGHT, 0UL));
  for (const GhostLine& line : placement.lines) painter.drawText(line.x, line.y + ascent, line.text);
  if (placement.bar_x >= 0 && placement.lines.size() > 1)
    painter.drawLine(placement.bar_x, placement.lines[1].y, placement.bar_x, placement.lines.back().y + height);
  probe_.ghostPainted(answer_fresh_);
}

void CodeEditor::updateMargin() {
  const long lines = SendScintilla(SCI_GETLINECOUNT);
  int digits = 3;
  for (long n = 1000; n <= lines; n *= 10) ++digits;
  if (digits == margin_digits_) return;
  margin_digits_ = digits;
  const QByteArray widest(digits + 1, '9');
  const long width = SendScintilla(SCI_TEXTWIDTH, static_cast<uintptr_t>(STYLE_LINENUMBER), widest.constData());
  SendScintilla(SCI_SETMARGINWIDTHN, 0UL, width);
}

void CodeEditor::restyle() {
  applyEditorStyle(*this, language_file_, colorsFor(palette()));
  margin_digits_ = 0;
  updateMargin();
}

void CodeEditor::changeEvent(QEvent* event) {
  QsciScintillaBase::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) restyle();
}

}  // namespace catena::ui
