#include "ui/editor/editor_page.h"

#include <QFileInfo>
#include <QVBoxLayout>

#include "ui/editor/code_editor.h"
#include "ui/editor/find_bar.h"
#include "ui/editor/suggester.h"
#include "ui/format.h"
#include "ui/notice_bar.h"

namespace catena::ui {
namespace {
constexpr qint64 slow_line_bytes = 50'000;  // Scintilla lays a line out anew at each key: 0.3 ms a kilobyte
}

EditorPage::EditorPage(Session& session, const QString& name, const QByteArray& text, QWidget* parent)
    : QWidget(parent), session_(session), name_(name) {
  build(session, text);
}

EditorPage::EditorPage(Session& session, const QString& path, const TextFile& file, QWidget* parent)
    : QWidget(parent),
      session_(session),
      path_(QFileInfo(path).absoluteFilePath()),
      name_(QFileInfo(path).fileName()),
      byte_order_mark_(file.byte_order_mark) {
  build(session, file.text);
  rememberFileState();
  if (file.invalid_bytes > 0)
    notices_->show({Panel::editor,
                    tr("%1 has %2 that are no UTF-8 (first at byte %3): shown as hex, kept as they are when saved.")
                        .arg(name_, file.invalid_bytes == 1 ? tr("1 byte") : tr("%1 bytes").arg(file.invalid_bytes))
                        .arg(file.first_invalid),
                    {},
                    {},
                    false});
  if (file.longest_line > slow_line_bytes)
    notices_->show(
        {Panel::editor,
         tr("%1 has a line of %2: typing in such a line is slow.").arg(name_, formatBytes(double(file.longest_line))),
         {},
         {},
         false});
  if (file.read_only)
    notices_->show({Panel::editor,
                    tr("%1 may not be written by you: changes can be saved under another name.").arg(name_),
                    tr("Save as..."), QStringLiteral("ui:save-as"), false});
}

EditorPage::EditorPage(Session& session, const RecoveryEntry& entry, QWidget* parent)
    : QWidget(parent),
      session_(session),
      path_(entry.path),
      name_(entry.name),
      recovery_id_(entry.id),
      byte_order_mark_(entry.byte_order_mark),
      recovered_(true),
      touched_(true) {
  build(session, entry.text);
  editor_->setCaret(entry.cursor);
  rememberFileState();
  if (!path_.isEmpty())
    notices_->show({Panel::editor, tr("Unsaved changes of %1 were brought back.").arg(name_), tr("Go back to the file"),
                    QStringLiteral("ui:revert"), false});
}

EditorPage::~EditorPage() { session_.closeDocument(document_); }

void EditorPage::build(Session& session, const QByteArray& text) {
  notices_ = new NoticeBar(this);
  editor_ = new CodeEditor(this);
  find_bar_ = new FindBar(*editor_, this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(notices_);
  layout->addWidget(editor_, 1);
  layout->addWidget(find_bar_);
  setFocusProxy(editor_);
  editor_->loadText(text);
  editor_->setLanguageFor(name_);
  editor_->setAccessibleName(tr("Text of %1").arg(title()));
  document_ = session.openDocument(path_.isEmpty() ? name_ : path_, text);
  connect(&session, &Session::documentStarts, this, [this](const DocumentStart& start) {
    if (start.document == document_) setProject(start.project);
  });
  suggester_ = new Suggester(session, *editor_, document_, this);
  connect(editor_, &CodeEditor::modifiedChanged, this, &EditorPage::titleChanged);
  connect(editor_, &CodeEditor::edited, this, [this] {
    touched_ = true;
    Q_EMIT textTouched();
  });
}

void EditorPage::setProject(const QString& folder) {
  if (folder == project_) return;
  project_ = folder;
  editor_->setAccessibleDescription(folder.isEmpty() ? QString() : tr("Starts from what was read of %1").arg(folder));
  Q_EMIT projectChanged();
}

QString EditorPage::title() const { return name_; }
bool EditorPage::isModified() const { return recovered_ || editor_->isModified(); }
bool EditorPage::isUntouched() const { return path_.isEmpty() && !touched_; }

void EditorPage::rememberFileState() { file_time_ = path_.isEmpty() ? QDateTime() : QFileInfo(path_).lastModified(); }

bool EditorPage::save(const QString& path, bool force) {
  const QFileInfo target(path);
  const bool same = target.absoluteFilePath() == path_;
  if (same && !force && file_time_.isValid() && target.exists() && target.lastModified() != file_time_) {
    notices_->show({Panel::editor, tr("%1 was changed by another program and was not overwritten.").arg(name_),
                    tr("Overwrite"), QStringLiteral("ui:overwrite"), false});
    return false;
  }
  const QString problem = writeTextFile(path, editor_->textCopy(), byte_order_mark_);
  if (!problem.isEmpty()) {
    notices_->show({Panel::editor, problem, tr("Save as..."), QStringLiteral("ui:save-as"), false});
    return false;
  }
  notices_->clear(QStringLiteral("ui:save-as"));
  notices_->clear(QStringLiteral("ui:overwrite"));
  notices_->clear(QStringLiteral("ui:revert"));
  if (!same) {
    path_ = target.absoluteFilePath();
    name_ = target.fileName();
    editor_->setLanguageFor(name_);
    editor_->setAccessibleName(tr("Text of %1").arg(name_));
  }
  recovered_ = false;
  editor_->setSaved();
  rememberFileState();
  Q_EMIT titleChanged();
  return true;
}

void EditorPage::revert() {
  const TextFile file = readTextFile(path_);
  if (!file.problem.isEmpty()) {
    notices_->show({Panel::editor, file.problem, {}, {}, false});
    return;
  }
  session_.textChanged(document_, 0, editor_->byteCount(), file.text);
  editor_->loadText(file.text);
  byte_order_mark_ = file.byte_order_mark;
  recovered_ = false;
  rememberFileState();
  Q_EMIT titleChanged();
}

RecoveryEntry EditorPage::recoveryEntry() const {
  return {recovery_id_, path_, name_, editor_->caret(), byte_order_mark_, editor_->textCopy()};
}

}  // namespace catena::ui
