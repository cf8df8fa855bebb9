// One tab: a document, its editor, its notices and its find bar. The document is a stream of the session while the page
// lives.
#pragma once

#include <QDateTime>
#include <QWidget>

#include "ui/editor/recovery.h"
#include "ui/editor/text_file.h"
#include "ui/session.h"

namespace catena::ui {

class CodeEditor;
class FindBar;
class NoticeBar;
class Suggester;

class EditorPage : public QWidget {
  Q_OBJECT
 public:
  /// A text that has no file yet.
  EditorPage(Session& session, const QString& name, const QByteArray& text, QWidget* parent);
  /// A file that was read without a problem.
  EditorPage(Session& session, const QString& path, const TextFile& file, QWidget* parent);
  /// Unsaved text of an earlier run.
  EditorPage(Session& session, const RecoveryEntry& entry, QWidget* parent);
  ~EditorPage() override;

  CodeEditor& editor() { return *editor_; }
  NoticeBar& notices() { return *notices_; }
  FindBar& findBar() { return *find_bar_; }
  Suggester& suggester() { return *suggester_; }
  DocumentId document() const { return document_; }

  const QString& path() const { return path_; }        ///< empty: never saved
  QString title() const;                               ///< file name or "untitled 1"
  const QString& project() const { return project_; }  ///< remembered folder that its stream starts from, or empty
  bool isModified() const;
  bool isUntouched() const;  ///< no file, no change: may be replaced by an opened file

  /// Saves atomically to the page's path, or to another one. A failure shows a notice and returns false; the text
  /// stays. A file changed by another program is not overwritten unless `force`.
  bool save(const QString& path, bool force = false);
  /// Reads the file again, dropping unsaved changes. A failure shows a notice.
  void revert();

  RecoveryEntry recoveryEntry() const;
  const QString& recoveryId() const { return recovery_id_; }

 Q_SIGNALS:
  void titleChanged();
  void projectChanged();
  void textTouched();  ///< an edit happened; the recovery file is behind

 private:
  void build(Session& session, const QByteArray& text);
  void setProject(const QString& folder);
  void rememberFileState();

  Session& session_;
  QString path_;
  QString name_;
  QString project_;
  QString recovery_id_ = RecoveryStore::newId();
  bool byte_order_mark_ = false;
  bool recovered_ = false;  // differs from its file although nothing was typed in this run
  bool touched_ = false;
  QDateTime file_time_;
  DocumentId document_ = 0;
  NoticeBar* notices_ = nullptr;
  CodeEditor* editor_ = nullptr;
  FindBar* find_bar_ = nullptr;
  Suggester* suggester_ = nullptr;
};

}  // namespace catena::ui
