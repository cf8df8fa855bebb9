#include "ui/editor/document_tabs.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QSettings>
#include <QTabBar>

#include "ui/editor/code_editor.h"
#include "ui/notice_bar.h"

namespace catena::ui {
namespace {
constexpr int keep_delay_ms = 1000;  // at most this much typing is lost by kill -9
constexpr int keep_delay_large_ms = 10000;
constexpr int large_bytes = 8'000'000;
constexpr int most_recent = 12;
constexpr int most_closed = 10;
}  // namespace

DocumentTabs::DocumentTabs(Session& session, const QString& recovery_folder, QWidget* parent)
    : QTabWidget(parent), session_(session), recovery_(recovery_folder) {
  setDocumentMode(true);
  setTabsClosable(true);
  setMovable(true);
  tabBar()->setAccessibleName(tr("Open documents"));
  tabBar()->setExpanding(false);
  setElideMode(Qt::ElideMiddle);
  ask_path = [this](EditorPage* page) {
    const QString start = page->path().isEmpty() ? page->title() : page->path();
    return QFileDialog::getSaveFileName(this, tr("Save as"), start);
  };
  keep_timer_.setSingleShot(true);
  connect(&keep_timer_, &QTimer::timeout, this, &DocumentTabs::keepTouched);
  connect(this, &QTabWidget::tabCloseRequested, this, &DocumentTabs::closeTab);
  connect(this, &QTabWidget::currentChanged, this, [this] {
    if (EditorPage* now = page()) {
      session_.setActiveDocument(now->document());
      now->editor().setFocus();
    }
    Q_EMIT currentPageChanged();
  });
}

DocumentTabs::~DocumentTabs() { disconnect(this, nullptr, nullptr, nullptr); }

EditorPage* DocumentTabs::page() const { return page(currentIndex()); }
EditorPage* DocumentTabs::page(int i) const { return qobject_cast<EditorPage*>(widget(i)); }

EditorPage* DocumentTabs::pageOf(DocumentId document) const {
  for (int i = 0; i < count(); ++i)
    if (page(i)->document() == document) return page(i);
  return nullptr;
}

EditorPage* DocumentTabs::add(EditorPage* page) {
  connect(page, &EditorPage::titleChanged, this, [this, page] { updateTitle(page); });
  connect(page, &EditorPage::projectChanged, this, [this, page] { updateTitle(page); });
  connect(page, &EditorPage::textTouched, this, [this, page] {
    if (!touched_.contains(page)) touched_.append(page);
    const bool large = page->editor().byteCount() > large_bytes;
    if (!keep_timer_.isActive()) keep_timer_.start(large ? keep_delay_large_ms : keep_delay_ms);
  });
  connect(&page->editor(), &CodeEditor::filesDropped, this, [this](const QStringList& paths) {
    for (const QString& path : paths) open(path);
  });
  const int index = addTab(page, page->title());
  updateTitle(page);
  Q_EMIT pageAdded(page);
  setCurrentIndex(index);
  return page;
}

EditorPage* DocumentTabs::newDocument() { return newDocument(tr("untitled %1").arg(++untitled_), {}); }

EditorPage* DocumentTabs::newDocument(const QString& name, const QByteArray& text) {
  return add(new EditorPage(session_, name, text, this));
}

EditorPage* DocumentTabs::open(const QString& path) {
  const QString absolute = QFileInfo(path).absoluteFilePath();
  for (int i = 0; i < count(); ++i) {
    if (page(i)->path() != absolute) continue;
    setCurrentIndex(i);
    return page(i);
  }
  const TextFile file = readTextFile(absolute);
  if (!file.problem.isEmpty()) {
    if (!page()) newDocument();
    page()->notices().show({Panel::editor, file.problem, {}, {}, false});
    return nullptr;
  }
  EditorPage* replaced = page() && page()->isUntouched() && page()->editor().byteCount() == 0 ? page() : nullptr;
  EditorPage* opened = add(new EditorPage(session_, absolute, file, this));
  if (replaced) {
    removeTab(indexOf(replaced));
    delete replaced;
  }
  noteRecent(absolute);
  return opened;
}

bool DocumentTabs::save(EditorPage* page) {
  if (page->path().isEmpty()) return saveAs(page);
  const bool saved = page->save(page->path());
  if (saved) {
    touched_.removeAll(page);
    recovery_.drop(page->recoveryId());
  }
  return saved;
}

bool DocumentTabs::saveAs(EditorPage* page) {
  const QString path = ask_path(page);
  if (path.isEmpty() || !page->save(path, true)) return false;
  touched_.removeAll(page);
  recovery_.drop(page->recoveryId());
  noteRecent(page->path());
  return true;
}

void DocumentTabs::closeTab(int index) {
  EditorPage* closing = page(index);
  if (!closing) return;
  const QString title = closing->title();
  const bool unsaved = closing->isModified() && (closing->editor().byteCount() > 0 || !closing->path().isEmpty());
  if (unsaved) {
    closed_.append(closing->recoveryEntry());
    recovery_.keep(closed_.last());
    if (closed_.size() > most_closed) recovery_.drop(closed_.takeFirst().id);
  } else {
    recovery_.drop(closing->recoveryId());
  }
  touched_.removeAll(closing);
  removeTab(index);
  delete closing;
  if (count() == 0) newDocument();
  if (unsaved)
    page()->notices().show({Panel::editor, tr("%1 was closed with unsaved changes; they are kept.").arg(title),
                            tr("Reopen"), QStringLiteral("ui:reopen"), false});
}

void DocumentTabs::reopenClosed() {
  if (closed_.isEmpty()) return;
  for (int i = 0; i < count(); ++i) page(i)->notices().clear(QStringLiteral("ui:reopen"));
  add(new EditorPage(session_, closed_.takeLast(), this));
}

bool DocumentTabs::act(EditorPage* page, const QString& action_id) {
  if (action_id == QLatin1String("ui:save-as")) {
    saveAs(page);
  } else if (action_id == QLatin1String("ui:overwrite")) {
    if (page->save(page->path(), true)) recovery_.drop(page->recoveryId());
  } else if (action_id == QLatin1String("ui:revert")) {
    page->revert();
    touched_.removeAll(page);
    recovery_.drop(page->recoveryId());
  } else if (action_id == QLatin1String("ui:reopen")) {
    reopenClosed();
  } else {
    return false;
  }
  return true;
}

void DocumentTabs::updateTitle(EditorPage* page) {
  const int index = indexOf(page);
  if (index < 0) return;
  QString title = page->title();
  setTabText(index,
             (page->isModified() ? QStringLiteral("\u25cf ") : QString()) + title.replace(u'&', QLatin1String("&&")));
  QString tip = page->path().isEmpty() ? tr("not saved yet") : page->path();
  if (!page->project().isEmpty()) tip += u'\n' + tr("starts from what was read of %1").arg(page->project());
  setTabToolTip(index, tip);
  if (page == this->page()) Q_EMIT currentPageChanged();
}

void DocumentTabs::noteRecent(const QString& path) {
  recent_.removeAll(path);
  recent_.prepend(path);
  while (recent_.size() > most_recent) recent_.removeLast();
  Q_EMIT recentFilesChanged();
}

void DocumentTabs::keepTouched() {
  for (EditorPage* page : touched_) {
    if (page->isModified())
      recovery_.keep(page->recoveryEntry());
    else
      recovery_.drop(page->recoveryId());  // undone back to what is saved
  }
  touched_.clear();
}

void DocumentTabs::keepEverything() {
  keep_timer_.stop();
  keepTouched();
  const QString problem = recovery_.flush();
  if (!problem.isEmpty() && page()) page()->notices().show({Panel::editor, problem, {}, {}, false});
}

void DocumentTabs::restore(QSettings& settings) {
  recent_ = settings.value("recent_files").toStringList();
  const QList<RecoveryEntry> unsaved = recovery_.load();
  QHash<QString, int> recovered;
  for (int i = 0; i < unsaved.size(); ++i)
    if (!unsaved[i].path.isEmpty()) recovered.insert(unsaved[i].path, i);

  const QString current = settings.value("current_file").toString();
  const int files = settings.beginReadArray("open_files");
  for (int i = 0; i < files; ++i) {
    settings.setArrayIndex(i);
    const QString path = settings.value("path").toString();
    if (recovered.contains(path) || !QFileInfo::exists(path)) continue;
    if (EditorPage* opened = open(path)) opened->editor().setCaret(settings.value("cursor").toInt());
  }
  settings.endArray();
  for (const RecoveryEntry& entry : unsaved) {
    const int number = entry.name.section(u' ', -1).toInt();
    if (entry.path.isEmpty()) untitled_ = qMax(untitled_, number);
    add(new EditorPage(session_, entry, this));
  }
  for (int i = 0; i < count(); ++i)
    if ((page(i)->path().isEmpty() ? page(i)->title() : page(i)->path()) == current) setCurrentIndex(i);
  Q_EMIT recentFilesChanged();
}

void DocumentTabs::remember(QSettings& settings) {
  settings.setValue("recent_files", recent_);
  if (page()) settings.setValue("current_file", page()->path().isEmpty() ? page()->title() : page()->path());
  settings.remove("open_files");
  settings.beginWriteArray("open_files");
  int written = 0;
  for (int i = 0; i < count(); ++i) {
    if (page(i)->path().isEmpty()) continue;
    settings.setArrayIndex(written++);
    settings.setValue("path", page(i)->path());
    settings.setValue("cursor", page(i)->editor().caret());
  }
  settings.endArray();
}

}  // namespace catena::ui
