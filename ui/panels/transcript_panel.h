// What is said, as it is said: to read along, search, copy and export.
#pragma once

#include "ui/panels/panel.h"
#include "ui/session.h"
#include "ui/transcript/transcript_log.h"

class QCheckBox;
class QLineEdit;
class QToolButton;

namespace catena::ui {

class TranscriptView;

class TranscriptPanel : public PanelWidget {
  Q_OBJECT
 public:
  explicit TranscriptPanel(QWidget* parent = nullptr);

  void add(const SpeechUpdate& update);
  void setListening(bool listening);

  const TranscriptLog& log() const { return log_; }
  TranscriptView& view() { return *view_; }
  QString stateText() const;
  void copyAll();
  void clear();
  /// .txt, .srt or .json by the name's ending. One line when it failed, else empty.
  QString exportTo(const QString& path) const;

 Q_SIGNALS:
  void exportWanted();

 private:
  void refreshState();
  void findNext(bool forward);

  TranscriptLog log_;
  TranscriptView* view_;
  QLabel* state_;
  QLineEdit* search_;
  QLabel* not_found_;
  QCheckBox* confidence_;
  FigureLabel* latency_;
  FigureLabel* compute_;
  FigureLabel* carried_;
  bool listening_ = false, hearing_ = false;
};

}  // namespace catena::ui
