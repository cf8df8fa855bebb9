// The line at the bottom of the window: what the model has read, how it keeps up, and whether Tab accepts.
#pragma once

#include <QWidget>

#include "ui/session.h"

class QLabel;
class QProgressBar;
class QStatusBar;
class QToolButton;

namespace catena::ui {

class StatusLine : public QObject {
  Q_OBJECT
 public:
  explicit StatusLine(QStatusBar* bar);

  void add(const Figures& figures);
  void add(const SoundFigures& figures);
  /// "Tab accepts", with the number of alternatives; empty when nothing is suggested.
  void setSuggestion(int index, int alternatives);
  /// The remembered project that the current document starts from; empty: none.
  void setProject(const QString& folder);
  /// A sentence for a few seconds ("saved notes.md").
  void say(const QString& text);
  QString text() const;

 private:
  void refresh();
  QStatusBar* bar_;
  QLabel* project_;
  QLabel* stream_;
  QLabel* sound_;
  QLabel* suggestion_;
  QTimer* timer_;
  Figures figures_;
  SoundFigures sound_figures_;
};

/// A thin line under the menus: loading the model, reading a document or a project. Hidden when there is nothing to
/// wait for.
class ProgressLine : public QWidget {
  Q_OBJECT
 public:
  explicit ProgressLine(QWidget* parent = nullptr);
  void showLoading();
  /// Hides itself when everything is read.
  void showReading(qint64 read_bytes, qint64 total_bytes);
  /// With a button to stop it; hides itself at the end.
  void showRemembering(const RememberingProgress& progress);
  void finish();
  QString text() const;

 Q_SIGNALS:
  void cancelled();

 private:
  QLabel* label_;
  QProgressBar* bar_;
  QToolButton* cancel_;
};

}  // namespace catena::ui
