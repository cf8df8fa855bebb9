// What is said, as it is said: to read along, search, copy and export. And the conversation: its state, its controls,
// its answers.
#pragma once

#include "ui/panels/panel.h"
#include "ui/session.h"
#include "ui/transcript/transcript_log.h"

class QCheckBox;
class QLineEdit;
class QToolButton;

namespace catena::ui {

class TalkBar;
class TranscriptView;

class TranscriptPanel : public PanelWidget {
  Q_OBJECT
 public:
  explicit TranscriptPanel(Session& session, QWidget* parent = nullptr);

  void add(const SpeechUpdate& update);
  void add(const TalkLine& line);
  void add(const TurnFigures& figures);
  void show(const TalkState& state);
  void setListening(bool listening);

  const TranscriptLog& log() const { return log_; }
  TranscriptView& view() { return *view_; }
  TalkBar& talk() { return *talk_; }
  QString stateText() const;
  QString turnText() const;  ///< how long the last answer took
  void copyAll();
  void clear();
  /// .txt, .srt or .json by the name's ending. One line when it failed, else empty.
  QString exportTo(const QString& path) const;

 Q_SIGNALS:
  void exportWanted();

 private:
  void findNext(bool forward);

  TranscriptLog log_;
  TalkBar* talk_;
  TranscriptView* view_;
  QLineEdit* search_;
  QLabel* not_found_;
  QCheckBox* confidence_;
  FigureLabel* latency_;
  FigureLabel* compute_;
  FigureLabel* carried_;
  QLabel* turn_figures_;
  Turn turn_ = Turn::off;
};

}  // namespace catena::ui
