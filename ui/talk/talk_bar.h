// The conversation's controls: its state, Talk, Mute, the talk key as a button, Stop, and the way to its settings.
#pragma once

#include <QWidget>

#include "ui/session.h"

class QLabel;
class QPushButton;
class QToolButton;

namespace catena::ui {

class TurnSign;

class TalkBar : public QWidget {
  Q_OBJECT
 public:
  TalkBar(Session& session, QWidget* parent);

  void show(const TalkState& state);
  /// Sound comes in, whatever for.
  void setRunning(bool running);
  /// Words are on their way.
  void setHearing(bool hearing);
  /// The settings may have changed.
  void refresh();

  QString stateText() const;
  QString detailText() const;

 Q_SIGNALS:
  void talkWanted(bool on);
  void settingsWanted();

 private:
  Session& session_;
  TalkState state_;
  bool running_ = false, hearing_ = false;
  TurnSign* sign_;
  QLabel* word_;
  QLabel* detail_;
  QPushButton* talk_;
  QToolButton* mute_;
  QToolButton* hold_;
  QToolButton* stop_;
};

}  // namespace catena::ui
