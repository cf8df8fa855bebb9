// The open documents: tabs, opening, saving, closing, and what is kept so that nothing is lost.
#pragma once

#include <QStringList>
#include <QTabWidget>
#include <QTimer>
#include <functional>

#include "ui/editor/editor_page.h"
#include "ui/editor/recovery.h"

class QSettings;

namespace catena::ui {

class DocumentTabs : public QTabWidget {
  Q_OBJECT
 public:
  DocumentTabs(Session& session, const QString& recovery_folder, QWidget* parent = nullptr);
  ~DocumentTabs() override;

  EditorPage* page() const;  ///< the current one; there is always one after start
  EditorPage* page(int i) const;
  EditorPage* pageOf(DocumentId document) const;

  EditorPage* newDocument();
  EditorPage* newDocument(const QString& name, const QByteArray& text);
  /// Opens a file, or shows its tab. A file that cannot be opened gives a notice on the current tab and nullptr.
  EditorPage* open(const QString& path);
  /// Saves under the page's path, or asks for one through `ask_path`. Returns whether it is saved.
  bool save(EditorPage* page);
  bool saveAs(EditorPage* page);
  /// Closes without a question; unsaved text can be had back with reopenClosed().
  void closeTab(int index);
  void reopenClosed();
  bool canReopen() const { return !closed_.isEmpty(); }
  /// The buttons of the tabs' own notices ("ui:..."). Returns whether the id was known.
  bool act(EditorPage* page, const QString& action_id);

  /// Files, cursors, recovered text; and their writing.
  void restore(QSettings& settings);
  void remember(QSettings& settings);
  /// Writes the recovery files of all unsaved texts now.
  void keepEverything();

  QStringList recentFiles() const { return recent_; }

  /// Asks the user for a path to save to; replaced in tests. Empty: no path chosen.
  std::function<QString(EditorPage*)> ask_path;

 Q_SIGNALS:
  void currentPageChanged();
  void recentFilesChanged();
  void pageAdded(catena::ui::EditorPage* page);

 private:
  EditorPage* add(EditorPage* page);
  void updateTitle(EditorPage* page);
  void noteRecent(const QString& path);
  void keepTouched();

  Session& session_;
  RecoveryStore recovery_;
  QTimer keep_timer_;
  QList<EditorPage*> touched_;
  QList<RecoveryEntry> closed_;
  QStringList recent_;
  int untitled_ = 0;
};

}  // namespace catena::ui
