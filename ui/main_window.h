// The window: documents in the middle, panels around them, one session behind.
#pragma once

#include <QMainWindow>
#include <functional>
#include <memory>
#include <vector>

#include "ui/charts/figures_log.h"
#include "ui/session.h"
#include "ui/theme.h"
#include "ui/watchdog.h"

class QDockWidget;
class QLabel;
class QSettings;

namespace catena::ui {

class ChunkPanel;
class ComparePanel;
class DashboardPanel;
class DocumentTabs;
class EditorPage;
class LatencyPanel;
class MemoryPanel;
class NoticeBar;
class ProgressLine;
class ProjectMenu;
class SoundPanel;
class StatusLine;
class TalkSettingsDialog;
class TranscriptPanel;

/// Where the window keeps what it remembers; empty paths: the platform's usual places.
struct WindowFiles {
  QString settings_file;
  QString recovery_folder;
};

/// What `bench typing` and tests read off the window, measured since reset().
class UiProbe {
 public:
  UiProbe(Watchdog& watchdog, DocumentTabs& tabs) : watchdog_(watchdog), tabs_(tabs) {}

  /// Starts (again) to measure: the watchdog runs from here on.
  void reset();
  void stop() { watchdog_.stop(); }
  double longestBlockMs() const { return watchdog_.longestBlockMs(); }
  /// Key press to the paint of a suggestion that came as an answer, in the current document.
  const std::vector<double>& suggestionMs() const;
  /// Key press to the paint of a suggestion that was shown before and shrank.
  const std::vector<double>& shrunkMs() const;
  double suggestionPercentileMs(double q) const;
  int keys() const;
  int superseded() const;  ///< keys followed by another one before a suggestion for them was shown

 private:
  Watchdog& watchdog_;
  DocumentTabs& tabs_;
};

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(Session& session, const WindowFiles& files = {});
  ~MainWindow() override;

  // For programs: each returns one line when it failed, else an empty string.
  QString saveScreenshot(const QString& path);
  QString exportFiguresCsv(const QString& path) const;
  QString exportChart(const QString& path);  ///< the latency dashboard as PNG
  QString openPath(const QString& path);

  /// Types into the current document through key events, `key_ms` apart, handling events meanwhile.
  void typeText(const QString& text, int key_ms = 0);
  QString currentSuggestion() const;
  /// What somebody said to do. Opens no dialog before it returns.
  CommandOutcome carryOut(const SpokenCommand& command);
  QString figuresText() const;  ///< memory and latency dashboards as lines

  UiProbe probe() { return {watchdog_, *tabs_}; }
  DocumentTabs& documents() { return *tabs_; }
  SoundPanel& sound() { return *sound_; }
  MemoryPanel& memory() { return *memory_; }
  LatencyPanel& latency() { return *latency_; }
  ChunkPanel& chunks() { return *chunks_; }
  TranscriptPanel& transcript() { return *transcript_; }
  ComparePanel& compare() { return *compare_; }
  StatusLine& status() { return *status_; }
  ProgressLine& progress() { return *progress_; }
  ProgressLine& remembering() { return *remembering_; }
  ProjectMenu& projects() { return *projects_; }
  NoticeBar& noticesOf(Panel panel);
  QDockWidget* dockOf(Panel panel) const;
  /// The instruction set that the model runs with on the CPU, as the benches name it ("avx2").
  void setKernels(const QString& name);
  void setTheme(Theme theme);
  Theme theme() const { return theme_; }

  /// Ask the user for a path to save to; replaced in tests. Arguments: title, proposed name, filter.
  std::function<QString(const QString&, const QString&, const QString&)> ask_save_path;
  std::function<QStringList()> ask_open_paths;

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void buildPanels();
  void buildMenus();
  void buildFileMenu();
  void buildEditMenu();
  void buildViewMenu();
  void buildStreamMenu();
  void buildVoiceMenu();
  void buildTalkMenu(QMenu* menu);
  void buildHelpMenu();
  void connectSession();
  void restore();
  void remember();

  QDockWidget* addPanel(Panel panel, QWidget* widget, const QString& name, Qt::DockWidgetArea area);
  QString currentFolder() const;  ///< of the current document, empty when it has no file
  void chooseAndOpen();
  void saveCurrent(bool as);
  void saveCsv();
  void saveCompared();
  void saveTranscript();
  void savePicture(QWidget* widget);
  void say(const QString& problem, const QString& done);
  void fillRecentMenu();
  void pageAdded(EditorPage* page);
  void updateTitle();
  void updateSuggestionHint();
  void updateModelLabel(const ModelInfo& info);
  void showRemembering(const RememberingProgress& progress);
  void showNotice(const Notice& notice);
  void act(const QString& action_id);
  // Talking: main_window_talk.cpp.
  void connectTalk();
  void restoreTalk();
  void rememberTalk();
  void setTalking(bool on);
  void setDictating(bool on);
  void useMicrophone(bool on);
  void showTalk(const TalkState& state);
  void showTalkSettings();
  void holdToTalk(bool down);
  QString readAloud();  ///< one line when there is nothing to read
  void insertDictated(const Dictated& dictated);
  void focusPane(int step);

  Session& session_;
  std::unique_ptr<QSettings> settings_;
  DocumentTabs* tabs_;
  StatusLine* status_;
  ProgressLine* progress_;
  ProgressLine* remembering_;
  QLabel* model_label_;
  QString kernels_;
  SoundPanel* sound_ = nullptr;
  MemoryPanel* memory_ = nullptr;
  LatencyPanel* latency_ = nullptr;
  ChunkPanel* chunks_ = nullptr;
  TranscriptPanel* transcript_ = nullptr;
  ComparePanel* compare_ = nullptr;
  QDockWidget* docks_[7] = {};
  QMenu* recent_menu_ = nullptr;
  ProjectMenu* projects_ = nullptr;
  QAction* reopen_ = nullptr;
  QAction* microphone_ = nullptr;
  QAction* talk_ = nullptr;
  QAction* mute_ = nullptr;
  QAction* hands_free_ = nullptr;
  QAction* dictate_ = nullptr;
  QAction* stop_voice_ = nullptr;
  TalkSettingsDialog* talk_settings_ = nullptr;
  bool microphone_for_talk_ = false;  // turned on with the conversation, so it goes with it
  QAction* suggest_ = nullptr;
  QAction* tab_moves_focus_ = nullptr;
  bool restored_ = false;
  Theme theme_ = Theme::system;
  FiguresLog log_;
  Watchdog watchdog_;
};

}  // namespace catena::ui
