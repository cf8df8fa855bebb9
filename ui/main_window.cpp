#include "ui/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QFileDialog>
#include <QLabel>
#include <QMenuBar>
#include <QMimeData>
#include <QScreen>
#include <QSettings>
#include <QStandardPaths>
#include <QStatusBar>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/about.h"
#include "ui/editor/code_editor.h"
#include "ui/editor/document_tabs.h"
#include "ui/editor/suggester.h"
#include "ui/format.h"
#include "ui/notice_bar.h"
#include "ui/panels/chunk_panel.h"
#include "ui/panels/compare_panel.h"
#include "ui/panels/latency_panel.h"
#include "ui/panels/memory_panel.h"
#include "ui/panels/sound_panel.h"
#include "ui/panels/transcript_panel.h"
#include "ui/status_line.h"

namespace catena::ui {
namespace {

constexpr int narrow_width = 1560;  // below it the dashboards do not fit side by side and share a place as tabs
constexpr int layout_version = 3;   // raise when docks change, so that an old layout is not restored over them

QString recoveryFolder(const WindowFiles& files) {
  if (!files.recovery_folder.isEmpty()) return files.recovery_folder;
  return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/recovery");
}

std::unique_ptr<QSettings> openSettings(const WindowFiles& files) {
  if (files.settings_file.isEmpty())
    return std::make_unique<QSettings>(QStringLiteral("catena"), QStringLiteral("catena"));
  return std::make_unique<QSettings>(files.settings_file, QSettings::IniFormat);
}

}  // namespace

void UiProbe::reset() {
  if (EditorPage* page = tabs_.page()) page->editor().probe().reset();
  watchdog_.start();
}

const std::vector<double>& UiProbe::suggestionMs() const { return tabs_.page()->editor().probe().freshMs(); }
const std::vector<double>& UiProbe::shrunkMs() const { return tabs_.page()->editor().probe().shrunkMs(); }
double UiProbe::suggestionPercentileMs(double q) const { return percentile(suggestionMs(), q); }
int UiProbe::keys() const { return tabs_.page()->editor().probe().keys(); }
int UiProbe::superseded() const { return tabs_.page()->editor().probe().superseded(); }

MainWindow::MainWindow(Session& session, const WindowFiles& files)
    : session_(session),
      settings_(openSettings(files)),
      tabs_(new DocumentTabs(session, recoveryFolder(files), this)),
      status_(new StatusLine(statusBar())),
      progress_(new ProgressLine(this)),
      remembering_(new ProgressLine(this)),
      model_label_(new QLabel(this)) {
  setObjectName(QStringLiteral("catena"));
  setTheme(static_cast<Theme>(qBound(0, settings_->value("theme", 0).toInt(), 2)));
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  setDockOptions(dockOptions() | QMainWindow::AllowTabbedDocks);
  ask_save_path = [this](const QString& title, const QString& name, const QString& filter) {
    return QFileDialog::getSaveFileName(this, title, name, filter);
  };
  ask_open_paths = [this] { return QFileDialog::getOpenFileNames(this, tr("Open"), currentFolder()); };
  auto* middle = new QWidget(this);
  auto* layout = new QVBoxLayout(middle);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(progress_);
  layout->addWidget(remembering_);
  layout->addWidget(tabs_, 1);
  setCentralWidget(middle);
  model_label_->setAccessibleName(tr("Model"));
  model_label_->setContentsMargins(grid, 0, grid, 0);
  menuBar()->setCornerWidget(model_label_, Qt::TopRightCorner);

  buildPanels();
  connect(tabs_, &DocumentTabs::pageAdded, this, &MainWindow::pageAdded);
  connect(tabs_, &DocumentTabs::currentPageChanged, this, [this] {
    updateTitle();
    updateSuggestionHint();
    // It was the other document's; one that is still to be read says so anew.
    if (session_.model().loaded) progress_->finish();
  });
  buildMenus();
  connectSession();
  connectTalk();
  restore();
  restored_ = true;
  updateModelLabel(session_.model());
}

MainWindow::~MainWindow() {
  session_.carry_out = nullptr;
  session_.open_file = nullptr;
}

void MainWindow::buildPanels() {
  sound_ = new SoundPanel(session_, this);
  memory_ = new MemoryPanel(this);
  latency_ = new LatencyPanel(this);
  chunks_ = new ChunkPanel(session_, this);
  transcript_ = new TranscriptPanel(session_, this);
  compare_ = new ComparePanel(session_, this);
  addPanel(Panel::transcript, transcript_, tr("Transcript"), Qt::RightDockWidgetArea);
  addPanel(Panel::sound, sound_, tr("Sound"), Qt::RightDockWidgetArea);
  addPanel(Panel::chunk, chunks_, tr("Chunk settings"), Qt::RightDockWidgetArea);
  addPanel(Panel::memory, memory_, tr("Memory"), Qt::BottomDockWidgetArea);
  addPanel(Panel::latency, latency_, tr("Latency"), Qt::BottomDockWidgetArea);
  QDockWidget* compare = addPanel(Panel::compare, compare_, tr("Compare"), Qt::BottomDockWidgetArea);
  connect(compare, &QDockWidget::visibilityChanged, compare_, &ComparePanel::setInFront);
  connect(compare->toggleViewAction(), &QAction::triggered, compare, [compare](bool shown) {
    if (shown) compare->raise();  // it shares a place with the other dashboards
  });
  setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
  for (DashboardPanel* panel : {static_cast<DashboardPanel*>(memory_), static_cast<DashboardPanel*>(latency_)}) {
    connect(panel, &DashboardPanel::csvWanted, this, &MainWindow::saveCsv);
    connect(panel, &DashboardPanel::pictureWanted, this, &MainWindow::savePicture);
  }
  connect(compare_, &DashboardPanel::csvWanted, this, &MainWindow::saveCompared);
  connect(compare_, &DashboardPanel::pictureWanted, this, &MainWindow::savePicture);
  connect(transcript_, &TranscriptPanel::exportWanted, this, &MainWindow::saveTranscript);
  connect(sound_, &SoundPanel::runningChanged, transcript_, &TranscriptPanel::setListening);
  for (PanelWidget* panel :
       {static_cast<PanelWidget*>(sound_), static_cast<PanelWidget*>(chunks_), static_cast<PanelWidget*>(transcript_),
        static_cast<PanelWidget*>(memory_), static_cast<PanelWidget*>(latency_), static_cast<PanelWidget*>(compare_)})
    connect(&panel->notices(), &NoticeBar::actionTriggered, this, &MainWindow::act);
}

QDockWidget* MainWindow::addPanel(Panel panel, QWidget* widget, const QString& name, Qt::DockWidgetArea area) {
  auto* dock = new QDockWidget(name, this);
  dock->setObjectName(QStringLiteral("dock-%1").arg(static_cast<int>(panel)));
  dock->setAccessibleName(name);
  dock->setWidget(widget);
  addDockWidget(area, dock);
  docks_[static_cast<int>(panel)] = dock;
  return dock;
}

QDockWidget* MainWindow::dockOf(Panel panel) const { return docks_[static_cast<int>(panel)]; }

NoticeBar& MainWindow::noticesOf(Panel panel) {
  switch (panel) {
    case Panel::sound:
      return sound_->notices();
    case Panel::memory:
      return memory_->notices();
    case Panel::latency:
      return latency_->notices();
    case Panel::chunk:
      return chunks_->notices();
    case Panel::transcript:
      return transcript_->notices();
    case Panel::compare:
      return compare_->notices();
    case Panel::editor:
      break;
  }
  return tabs_->page()->notices();
}

void MainWindow::connectSession() {
  connect(&session_, &Session::figures, this, [this](const Figures& figures) {
    memory_->add(figures);
    latency_->add(figures);
    status_->add(figures);
    log_.add(figures);
  });
  connect(&session_, &Session::compared, compare_, qOverload<const CompareFigures&>(&ComparePanel::add));
  connect(&session_, &Session::soundFigures, this, [this](const SoundFigures& figures) {
    sound_->add(figures);
    latency_->add(figures);
    status_->add(figures);
    log_.add(figures);
  });
  connect(&session_, &Session::soundSegment, this, [this](const SoundSegment& segment) { sound_->add(segment); });
  connect(&session_, &Session::spoken, transcript_, qOverload<const SpeechUpdate&>(&TranscriptPanel::add));
  connect(&session_, &Session::settingsApplied, this, [this](const SettingsMark& mark) {
    memory_->addMark(mark);
    latency_->addMark(mark);
    log_.add(mark);
    if (session_.model().loaded) updateModelLabel(session_.model());
  });
  connect(tabs_, &DocumentTabs::recentFilesChanged, this, [this] {
    if (restored_) tabs_->remember(*settings_);  // kill -9 should not close what is open
  });
  connect(&session_, &Session::notice, this, &MainWindow::showNotice);
  connect(&session_, &Session::modelChanged, this, &MainWindow::updateModelLabel);
  connect(&session_, &Session::rememberingProgress, this, &MainWindow::showRemembering);
  connect(remembering_, &ProgressLine::cancelled, &session_, &Session::cancelRemembering);
  connect(&session_, &Session::readingProgress, this, [this](const ReadingProgress& progress) {
    if (session_.model().loaded && tabs_->page() && progress.document == tabs_->page()->document())
      progress_->showReading(progress.read_bytes, progress.total_bytes);
  });
}

void MainWindow::showRemembering(const RememberingProgress& progress) {
  remembering_->showRemembering(progress);
  const QString name = folderName(progress.folder);
  if (progress.state == RememberingProgress::State::done)
    status_->say(tr("remembered %1: its documents start from it").arg(name));
  else if (progress.state == RememberingProgress::State::stopped)
    status_->say(tr("stopped remembering %1").arg(name));
}

void MainWindow::showNotice(const Notice& notice) {
  if (notice.panel == Panel::editor && notice.resolved) {
    for (int i = 0; i < tabs_->count(); ++i) tabs_->page(i)->notices().show(notice);
    return;
  }
  noticesOf(notice.panel).show(notice);
  QDockWidget* dock = dockOf(notice.panel);
  if (dock && dock->isHidden() && !notice.resolved) noticesOf(Panel::editor).show(notice);  // never a silent loss
}

void MainWindow::act(const QString& action_id) {
  if (tabs_->act(tabs_->page(), action_id)) return;
  if (action_id == QLatin1String("ui:choose-device"))
    sound_->chooseDevice();
  else if (action_id == QLatin1String("ui:voice-settings"))
    showTalkSettings();
  else if (!action_id.isEmpty())
    session_.act(action_id);
}

void MainWindow::pageAdded(EditorPage* page) {
  connect(&page->notices(), &NoticeBar::actionTriggered, this, &MainWindow::act);
  connect(&page->editor(), &CodeEditor::ghostChanged, this, &MainWindow::updateSuggestionHint);
  connect(&page->editor(), &CodeEditor::readOnlyEditTried, this,
          [this] { status_->say(tr("This text is read-only.")); });
  page->editor().setTabMovesFocus(tab_moves_focus_ && tab_moves_focus_->isChecked());
  page->suggester().setAutomatic(!suggest_ || suggest_->isChecked());
}

void MainWindow::updateSuggestionHint() {
  const EditorPage* page = tabs_->page();
  if (!page) return;
  const GhostModel& ghost = tabs_->page()->editor().ghost();
  status_->setSuggestion(ghost.index(), ghost.visible() ? ghost.alternatives() : 0);
}

void MainWindow::updateTitle() {
  const EditorPage* page = tabs_->page();
  setWindowTitle(page ? tr("%1[*] - Catena").arg(page->title()) : tr("Catena"));
  setWindowModified(page && page->isModified());
  status_->setProject(page ? page->project() : QString());
  if (reopen_) reopen_->setEnabled(tabs_->canReopen());
}

void MainWindow::updateModelLabel(const ModelInfo& info) {
  const ChunkSettings settings = session_.settings();
  const QString device = settings.device == Device::cuda ? tr("CUDA") : tr("CPU");
  const QString precision = settings.precision == Precision::int8       ? tr("int8")
                            : settings.precision == Precision::bfloat16 ? tr("bf16")
                                                                        : tr("fp32");
  if (info.loaded) {
    model_label_->setText(tr("model: %1   %2 %3").arg(info.name, device, precision));
    const bool known = settings.device == Device::cpu && !kernels_.isEmpty();
    model_label_->setToolTip(known ? tr("%1 on %2").arg(precision, kernels_) : QString());
    progress_->finish();
  } else if (info.problem.isEmpty()) {
    model_label_->setText(tr("loading model"));
    progress_->showLoading();
  } else {
    model_label_->setText(tr("no model"));
    progress_->finish();
    noticesOf(Panel::editor).show({Panel::editor, info.problem, {}, {}, false});
  }
  menuBar()->setCornerWidget(model_label_, Qt::TopRightCorner);  // makes room for the new text
}

void MainWindow::setKernels(const QString& name) {
  kernels_ = name;
  updateModelLabel(session_.model());
}

void MainWindow::setTheme(Theme theme) {
  theme_ = theme;
  applyTheme(theme);
}

// --- what is remembered ---------------------------------------------------------------------------------------------

void MainWindow::restore() {
  const QSize usual(1440, 900);
  const bool on_screen =
      QGuiApplication::platformName() != QLatin1String("offscreen");  // its screen size means nothing
  resize(on_screen ? usual.boundedTo(screen()->availableSize()) : usual);
  restoreGeometry(settings_->value("geometry").toByteArray());
  if (!restoreState(settings_->value("docks").toByteArray(), layout_version)) {
    if (width() < narrow_width) tabifyDockWidget(dockOf(Panel::latency), dockOf(Panel::memory));
    resizeDocks({dockOf(Panel::sound)}, {width() < narrow_width ? 320 : 400}, Qt::Horizontal);
    tabifyDockWidget(dockOf(Panel::latency), dockOf(Panel::compare));
    dockOf(Panel::compare)->hide();  // until somebody wants it: it has the systems compute
    // The transcript is what one looks at; chunks are set now and then.
    tabifyDockWidget(dockOf(Panel::sound), dockOf(Panel::chunk));
    dockOf(Panel::sound)->raise();
    resizeDocks({dockOf(Panel::transcript), dockOf(Panel::sound)}, {340, 460}, Qt::Vertical);
    resizeDocks({dockOf(Panel::memory), dockOf(Panel::latency)}, {420, 640}, Qt::Horizontal);
    resizeDocks({dockOf(Panel::memory)}, {240}, Qt::Vertical);
  }
  sound_->setDevice(settings_->value("sound_device").toString());
  compare_->setChosen(settings_->value("compare/systems", ComparePanel::usual()).toStringList());
  restoreTalk();
  const bool first_start = !settings_->contains("started_before");
  settings_->setValue("started_before", true);
  tabs_->restore(*settings_);
  if (tabs_->count() > 0) return;
  if (first_start) {
    EditorPage* page = tabs_->newDocument(tr("welcome"), welcomeText());
    page->editor().setCaret(page->editor().byteCount());
  } else {
    tabs_->newDocument();
  }
}

void MainWindow::remember() {
  settings_->setValue("geometry", saveGeometry());
  settings_->setValue("docks", saveState(layout_version));
  settings_->setValue("theme", static_cast<int>(theme_));
  settings_->setValue("sound_device", sound_->device());
  settings_->setValue("tab_moves_focus", tab_moves_focus_->isChecked());
  settings_->setValue("suggest_while_typing", suggest_->isChecked());
  settings_->setValue("compare/systems", compare_->chosen());
  rememberTalk();
  tabs_->remember(*settings_);
  settings_->sync();
}

// Closing asks nothing: unsaved text is kept and is there again at the next start.
void MainWindow::closeEvent(QCloseEvent* event) {
  tabs_->keepEverything();
  remember();
  event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) tabs_->open(url.toLocalFile());
  event->acceptProposedAction();
}

void MainWindow::changeEvent(QEvent* event) {
  QMainWindow::changeEvent(event);
  // A crash of the session or the machine should not lose the arrangement either.
  if (event->type() == QEvent::ActivationChange && !isActiveWindow() && restored_) remember();
}

}  // namespace catena::ui
