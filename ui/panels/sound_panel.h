// Sound in: device, microphone on and off, a file as the source, and what is heard.
#pragma once

#include <QElapsedTimer>

#include "ui/panels/panel.h"
#include "ui/session.h"

class QComboBox;
class QLabel;
class QPushButton;

namespace catena::ui {

class LevelMeter;
class SegmentStrip;
class Spectrogram;

class SoundPanel : public PanelWidget {
  Q_OBJECT
 public:
  explicit SoundPanel(Session& session, QWidget* parent = nullptr);

  void add(const SoundFigures& figures);
  void add(const SoundSegment& segment);
  void setMicrophone(bool on);
  void toggleMicrophone() { setMicrophone(!running_); }
  void openFile(const QString& path);
  void chooseFile();
  void chooseDevice();
  QString device() const;  ///< empty: the default one
  void setDevice(const QString& name);

  bool running() const { return running_; }
  QString stateText() const;
  const SegmentStrip& strip() const { return *strip_; }
  const Spectrogram& spectrogram() const { return *spectrogram_; }

 Q_SIGNALS:
  void runningChanged(bool running);

 private:
  void listDevices();
  void startAnew();
  void watchSilence(const SoundFigures& figures);
  void refreshState();

  Session& session_;
  bool running_ = false;
  QString source_;
  qint64 heard_at_ms_ = -1;  // last time something was heard; -1: the source has just started
  bool silence_noted_ = false;
  SoundFigures last_;
  QComboBox* devices_;
  QPushButton* microphone_;
  QPushButton* file_;
  QLabel* state_;
  LevelMeter* level_;
  Spectrogram* spectrogram_;
  SegmentStrip* strip_;
  FigureLabel* latency_;
  FigureLabel* real_time_;
  FigureLabel* buffer_;
  FigureLabel* xruns_;
  FigureLabel* echo_;
};

}  // namespace catena::ui
