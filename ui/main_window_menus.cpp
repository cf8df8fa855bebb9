// Menus and shortcuts. Keys that only mean something in the editor (Tab, Esc, ...) are shown, not bound: the editor
// decides.
#include <QActionGroup>
#include <QApplication>
#include <QDesktopServices>
#include <QDockWidget>
#include <QFileInfo>
#include <QMenuBar>
#include <QSettings>

#include "ui/about.h"
#include "ui/editor/code_editor.h"
#include "ui/editor/document_tabs.h"
#include "ui/editor/find_bar.h"
#include "ui/editor/suggester.h"
#include "ui/main_window.h"
#include "ui/panels/chunk_panel.h"
#include "ui/panels/compare_panel.h"
#include "ui/panels/latency_panel.h"
#include "ui/panels/memory_panel.h"
#include "ui/panels/sound_panel.h"
#include "ui/project_menu.h"

namespace catena::ui {

void MainWindow::buildMenus() {
  buildFileMenu();
  buildEditMenu();
  buildViewMenu();
  buildStreamMenu();
  buildVoiceMenu();
  buildHelpMenu();
}

void MainWindow::buildFileMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&File"));
  menu->addAction(tr("&New"), QKeySequence::New, this, [this] { tabs_->newDocument(); });
  menu->addAction(tr("&Open..."), QKeySequence::Open, this, &MainWindow::chooseAndOpen);
  recent_menu_ = menu->addMenu(tr("Open &recent"));
  connect(tabs_, &DocumentTabs::recentFilesChanged, this, &MainWindow::fillRecentMenu);
  menu->addSeparator();
  projects_ = new ProjectMenu(session_, menu, this);
  projects_->start_folder = [this] { return currentFolder(); };
  menu->addSeparator();
  menu->addAction(tr("&Save"), QKeySequence::Save, this, [this] { saveCurrent(false); });
  menu->addAction(tr("Save &as..."), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), this,
                  [this] { saveCurrent(true); });
  menu->addSeparator();
  menu->addAction(tr("&Close"), QKeySequence(Qt::CTRL | Qt::Key_W), this,
                  [this] { tabs_->closeTab(tabs_->currentIndex()); });
  reopen_ = menu->addAction(tr("Reopen c&losed document"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_T), this,
                            [this] { tabs_->reopenClosed(); });
  reopen_->setEnabled(false);
  menu->addSeparator();
  menu->addAction(tr("Export &figures (CSV)..."), this, &MainWindow::saveCsv);
  menu->addAction(tr("Export latency &picture (PNG)..."), this, [this] { savePicture(latency_); });
  menu->addSeparator();
  menu->addAction(tr("&Quit"), QKeySequence(Qt::CTRL | Qt::Key_Q), this, &QWidget::close);
}

void MainWindow::fillRecentMenu() {
  recent_menu_->clear();
  for (const QString& path : tabs_->recentFiles()) {
    QAction* action = recent_menu_->addAction(QString(path).replace(u'&', QLatin1String("&&")), this,
                                              [this, path] { tabs_->open(path); });
    action->setStatusTip(path);
  }
  recent_menu_->setEnabled(!tabs_->recentFiles().isEmpty());
}

void MainWindow::buildEditMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Edit"));
  const auto send = [&](const QString& text, const QKeySequence& keys, unsigned int message) {
    menu->addAction(text, keys, this, [this, message] { tabs_->page()->editor().command(message); });
  };
  send(tr("&Undo"), QKeySequence::Undo, QsciScintillaBase::SCI_UNDO);
  send(tr("&Redo"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), QsciScintillaBase::SCI_REDO);
  menu->addSeparator();
  send(tr("Cu&t"), QKeySequence::Cut, QsciScintillaBase::SCI_CUT);
  send(tr("&Copy"), QKeySequence::Copy, QsciScintillaBase::SCI_COPY);
  send(tr("&Paste"), QKeySequence::Paste, QsciScintillaBase::SCI_PASTE);
  send(tr("Select &all"), QKeySequence::SelectAll, QsciScintillaBase::SCI_SELECTALL);
  menu->addSeparator();
  menu->addAction(tr("&Find..."), QKeySequence::Find, this, [this] { tabs_->page()->findBar().openFind(); });
  menu->addAction(tr("Find &next"), QKeySequence(Qt::Key_F3), this,
                  [this] { tabs_->page()->findBar().findNext(true); });
  menu->addAction(tr("Find pre&vious"), QKeySequence(Qt::SHIFT | Qt::Key_F3), this,
                  [this] { tabs_->page()->findBar().findNext(false); });
  menu->addAction(tr("&Go to line..."), QKeySequence(Qt::CTRL | Qt::Key_G), this,
                  [this] { tabs_->page()->findBar().openGoToLine(); });
  menu->addSeparator();
  tab_moves_focus_ = menu->addAction(tr("Tab &moves focus"));
  tab_moves_focus_->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_M));
  tab_moves_focus_->setCheckable(true);
  tab_moves_focus_->setChecked(settings_->value("tab_moves_focus", false).toBool());
  tab_moves_focus_->setStatusTip(tr("Tab goes to the next control instead of accepting or indenting"));
  connect(tab_moves_focus_, &QAction::toggled, this, [this](bool on) {
    for (int i = 0; i < tabs_->count(); ++i) tabs_->page(i)->editor().setTabMovesFocus(on);
  });
}

void MainWindow::buildViewMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&View"));
  int number = 0;
  for (const Panel panel :
       {Panel::sound, Panel::memory, Panel::latency, Panel::chunk, Panel::transcript, Panel::compare}) {
    QAction* toggle = dockOf(panel)->toggleViewAction();
    toggle->setShortcut(QKeySequence(QKeyCombination(Qt::AltModifier, static_cast<Qt::Key>(Qt::Key_1 + number++))));
    menu->addAction(toggle);
  }
  menu->addSeparator();
  menu->addAction(tr("Next pane"), QKeySequence(Qt::Key_F6), this, [this] { focusPane(1); });
  menu->addAction(tr("Previous pane"), QKeySequence(Qt::SHIFT | Qt::Key_F6), this, [this] { focusPane(-1); });
  menu->addAction(tr("Next document"), QKeySequence(Qt::CTRL | Qt::Key_PageDown), this,
                  [this] { tabs_->setCurrentIndex((tabs_->currentIndex() + 1) % tabs_->count()); });
  menu->addAction(tr("Previous document"), QKeySequence(Qt::CTRL | Qt::Key_PageUp), this,
                  [this] { tabs_->setCurrentIndex((tabs_->currentIndex() + tabs_->count() - 1) % tabs_->count()); });
  menu->addSeparator();
  const auto zoom = [&](const QString& text, const QKeySequence& keys, unsigned int message) {
    menu->addAction(text, keys, this, [this, message] { tabs_->page()->editor().command(message); });
  };
  zoom(tr("Larger text"), QKeySequence(Qt::CTRL | Qt::Key_Plus), QsciScintillaBase::SCI_ZOOMIN);
  zoom(tr("Smaller text"), QKeySequence(Qt::CTRL | Qt::Key_Minus), QsciScintillaBase::SCI_ZOOMOUT);
  menu->addAction(tr("Usual text size"), QKeySequence(Qt::CTRL | Qt::Key_0), this,
                  [this] { tabs_->page()->editor().SendScintilla(QsciScintillaBase::SCI_SETZOOM, 0UL); });
  menu->addSeparator();
  QMenu* themes = menu->addMenu(tr("&Theme"));
  auto* group = new QActionGroup(this);
  for (const auto& [value, name] :
       {std::pair{Theme::system, tr("&System")}, {Theme::light, tr("&Light")}, {Theme::dark, tr("&Dark")}}) {
    QAction* action = themes->addAction(name, this, [this, theme = value] { setTheme(theme); });
    action->setCheckable(true);
    action->setChecked(value == theme_);
    group->addAction(action);
  }
}

void MainWindow::buildStreamMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Stream"));
  const auto editor = [this]() -> CodeEditor& { return tabs_->page()->editor(); };
  menu->addAction(tr("Accept &suggestion\tTab"), this, [editor] { editor().acceptAll(); });
  menu->addAction(tr("Accept &word\tCtrl+Right"), this, [editor] { editor().acceptWord(); });
  menu->addAction(tr("Accept &line\tShift+Tab"), this, [editor] { editor().acceptLine(); });
  menu->addAction(tr("&Next suggestion\tAlt+]"), this, [editor] { editor().cycle(1); });
  menu->addAction(tr("&Previous suggestion\tAlt+["), this, [editor] { editor().cycle(-1); });
  menu->addAction(tr("&Dismiss\tEsc"), this, [editor] { editor().dismissGhost(); });
  menu->addAction(tr("Suggest n&ow\tCtrl+Space"), this, [this] { tabs_->page()->suggester().askNow(); });
  menu->addSeparator();
  suggest_ = menu->addAction(tr("Suggest while &typing"));
  suggest_->setCheckable(true);
  suggest_->setChecked(settings_->value("suggest_while_typing", true).toBool());
  connect(suggest_, &QAction::toggled, this, [this](bool on) {
    for (int i = 0; i < tabs_->count(); ++i) tabs_->page(i)->suggester().setAutomatic(on);
  });
  menu->addSeparator();
  menu->addAction(tr("&Freeze dashboards"), QKeySequence(Qt::Key_F8), this, [this] {
    const bool freeze = !memory_->frozen();
    memory_->setFrozen(freeze);
    latency_->setFrozen(freeze);
    compare_->setFrozen(freeze);
  });
  menu->addAction(tr("&Reset baseline"), this, [this] {
    memory_->resetBaseline();
    latency_->resetBaseline();
    compare_->resetBaseline();
  });
  menu->addAction(tr("Default &chunk settings"), this, [this] { chunks_->applyDefaults(); });
}

void MainWindow::buildVoiceMenu() {
  QMenu* menu = menuBar()->addMenu(tr("V&oice"));
  microphone_ = menu->addAction(tr("&Microphone"));
  microphone_->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_M));
  microphone_->setCheckable(true);
  connect(microphone_, &QAction::triggered, this, [this](bool on) { sound_->setMicrophone(on); });
  connect(sound_, &SoundPanel::runningChanged, microphone_, &QAction::setChecked);
  menu->addAction(tr("&Choose the device..."), this, [this] {
    dockOf(Panel::sound)->show();
    sound_->chooseDevice();
  });
  menu->addAction(tr("&Play a sound file..."), this, [this] { sound_->chooseFile(); });
  menu->addSeparator();
  buildTalkMenu(menu);
  menu->addSeparator();
  menu->addAction(tr("&Export the transcript..."), this, &MainWindow::saveTranscript);
}

void MainWindow::buildHelpMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Help"));
  menu->addAction(tr("&Welcome text"), this, [this] { tabs_->newDocument(tr("welcome"), welcomeText()); });
  menu->addAction(tr("&About Catena"), this, [this] { showAbout(this, session_.model(), kernels_); });
}

// Editor, then the panels that are shown: all can be reached although Tab belongs to the editor.
void MainWindow::focusPane(int step) {
  QList<QWidget*> panes{tabs_->page()};
  for (QDockWidget* dock : docks_)
    if (dock && dock->isVisible()) panes.append(dock->widget());
  int at = 0;
  for (int i = 0; i < panes.size(); ++i)
    if (panes[i]->isAncestorOf(QApplication::focusWidget())) at = i;
  QWidget* pane = panes[(at + step + panes.size()) % panes.size()];
  if (pane == tabs_->page()) {
    tabs_->page()->editor().setFocus(Qt::ShortcutFocusReason);
    return;
  }
  for (QWidget* child : pane->findChildren<QWidget*>()) {
    if (!(child->focusPolicy() & Qt::TabFocus) || !child->isVisible() || !child->isEnabled()) continue;
    child->setFocus(Qt::ShortcutFocusReason);
    return;
  }
}

}  // namespace catena::ui
