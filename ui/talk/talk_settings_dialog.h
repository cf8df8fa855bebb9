// How the program speaks and takes turns. Not modal: each change counts at once, from the next sentence on.
#pragma once

#include <QDialog>
#include <functional>

#include "ui/session.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLayout;
class QPushButton;
class QSlider;

namespace catena::ui {

class TalkSettingsDialog : public QDialog {
  Q_OBJECT
 public:
  TalkSettingsDialog(Session& session, QWidget* parent);

  /// Which microphone "hear yourself" records; empty: the default one.
  std::function<QString()> microphone;

  /// The session's settings.
  void refresh();

 Q_SIGNALS:
  void settingsChanged();


 protected:
  void hideEvent(QHideEvent* event) override;

 private:
  QSlider* slider(QFormLayout* form, const QString& name, int least, int most, int step, const QString& unit);
  QLayout* checks();
  void showCheck(const SoundCheckStep& step);
  void listVoices();
  void listLoudspeakers();
  void apply();

  Session& session_;
  bool showing_ = false;
  QComboBox* voice_;
  QComboBox* loudspeaker_;
  QSlider* rate_;
  QSlider* pitch_;
  QSlider* volume_;
  QSlider* patience_;
  QCheckBox* hands_free_;
  QCheckBox* barge_in_;
  QPushButton* tone_;
  QPushButton* hear_;
  QLabel* check_;  // what the check does, or what it found
};

}  // namespace catena::ui
