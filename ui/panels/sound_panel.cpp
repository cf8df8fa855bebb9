#include "ui/panels/sound_panel.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include "ui/format.h"
#include "ui/panels/sound_meters.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {
constexpr double silent_dbfs = -70;
constexpr qint64 silent_for_ms = 8000;
const QString silence_id = QStringLiteral("ui:choose-device");
}  // namespace

SoundPanel::SoundPanel(Session& session, QWidget* parent)
    : PanelWidget(tr("Sound"), parent),
      session_(session),
      devices_(new QComboBox(this)),
      microphone_(new QPushButton(this)),
      file_(new QPushButton(tr("Play a file..."), this)),
      state_(new QLabel(this)),
      level_(new LevelMeter(this)),
      spectrogram_(new Spectrogram(this)),
      strip_(new SegmentStrip(this)),
      latency_(new FigureLabel(tr("latency"), tr("From the microphone to these figures."), this)),
      real_time_(new FigureLabel(tr("RT factor"), tr("Processing time over duration: below 1 keeps up."), this)),
      buffer_(new FigureLabel(tr("buffer"), tr("How full the buffer between device and program is."), this)),
      xruns_(new FigureLabel(tr("xruns"), tr("Times that sound was lost (over) or missing (under)."), this)),
      echo_(new FigureLabel(tr("echo"),
                            tr("By how much the canceller lowers the loudspeaker's sound in the microphone."), this)) {
  devices_->setAccessibleName(tr("Sound input device"));
  devices_->setToolTip(tr("Where sound comes from"));
  devices_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  devices_->setMinimumContentsLength(8);
  microphone_->setCheckable(true);
  microphone_->setAccessibleName(tr("Microphone"));
  file_->setAccessibleName(tr("Play a sound file through the sound path"));
  file_->setToolTip(file_->accessibleName());

  auto* source = new QHBoxLayout;
  source->setSpacing(grid);
  source->addWidget(microphone_);
  source->addWidget(devices_, 1);
  source->addWidget(file_);
  content()->addLayout(source);
  content()->addWidget(state_);
  content()->addWidget(level_);
  content()->addWidget(spectrogram_, 1);
  content()->addWidget(strip_);
  auto* figures = new QHBoxLayout;
  figures->setSpacing(2 * grid);
  for (FigureLabel* label : {latency_, real_time_, buffer_, xruns_, echo_}) figures->addWidget(label);
  figures->addStretch(1);
  content()->addLayout(figures);

  connect(microphone_, &QPushButton::clicked, this, &SoundPanel::setMicrophone);
  connect(file_, &QPushButton::clicked, this, &SoundPanel::chooseFile);
  connect(devices_, &QComboBox::activated, this, [this] {
    notices().clear(silence_id);
    if (running_ && source_.isEmpty()) setMicrophone(true);  // go on with the device now chosen
  });
  connect(&session_, &Session::soundDevicesChanged, this, &SoundPanel::listDevices);
  listDevices();
  refreshState();
}

void SoundPanel::listDevices() {
  const QString chosen = device();
  devices_->clear();
  devices_->addItem(tr("Default device"), QString());
  for (const SoundDevice& device : session_.soundDevices())
    devices_->addItem(device.is_default ? tr("%1 (default)").arg(device.name) : device.name, device.name);
  setDevice(chosen);
}

QString SoundPanel::device() const { return devices_->currentData().toString(); }

void SoundPanel::setDevice(const QString& name) { devices_->setCurrentIndex(qMax(0, devices_->findData(name))); }

void SoundPanel::chooseDevice() {
  devices_->setFocus();
  devices_->showPopup();
}

void SoundPanel::startAnew() {
  spectrogram_->clear();
  strip_->clear();
  heard_at_ms_ = -1;
  notices().clear(silence_id);
  silence_noted_ = false;
}

void SoundPanel::setMicrophone(bool on) {
  startAnew();
  source_.clear();
  if (on)
    session_.startSound(device());
  else
    session_.stopSound();
  microphone_->setChecked(running_);  // the session's figures say whether it really runs
  refreshState();
}

void SoundPanel::chooseFile() {
  const QString path = QFileDialog::getOpenFileName(this, tr("Play a sound file"), {},
                                                    tr("Sound (*.wav *.flac *.ogg *.aiff *.aif);;All files (*)"));
  if (!path.isEmpty()) openFile(path);
}

void SoundPanel::openFile(const QString& path) {
  startAnew();
  source_ = path;
  session_.openSoundFile(path);
  refreshState();
}

void SoundPanel::add(const SoundFigures& figures) {
  const bool changed = figures.running != running_ || figures.device != last_.device;
  if (figures.running && !running_) startAnew();
  running_ = figures.running;
  last_ = figures;
  last_.log_mel = {};
  spectrogram_->add(figures.log_mel);
  strip_->advance(spectrogram_->timeMs());
  level_->set(running_ ? figures.level_dbfs : -120, running_ ? figures.peak_dbfs : -120, figures.clipped);
  watchSilence(figures);
  if (changed) {
    refreshState();
    Q_EMIT runningChanged(running_);
  }
  if (!isVisible()) return;
  latency_->set(running_ ? formatMs(figures.latency_ms) : QStringLiteral("-"));
  Verdict verdict = Verdict::none;
  budgetWord(figures.real_time_factor, 1, &verdict);
  real_time_->set(running_ ? QString::number(figures.real_time_factor, 'f', 2) : QStringLiteral("-"),
                  running_ && verdict == Verdict::bad ? tr("falls behind") : QString(), verdict);
  buffer_->set(running_ ? tr("%1 %").arg(qRound(figures.buffer_fill * 100)) : QStringLiteral("-"));
  echo_->set(figures.cancelling_echo ? formatEcho(figures.echo_loss_db, figures.echo_delay_ms) : QStringLiteral("-"));
  const qint64 lost = figures.overruns + figures.underruns;
  xruns_->set(tr("%1 over, %2 under").arg(figures.overruns).arg(figures.underruns), lost ? tr("sound lost") : QString(),
              lost ? Verdict::bad : Verdict::none);
}

void SoundPanel::add(const SoundSegment& segment) { strip_->add(segment); }

void SoundPanel::watchSilence(const SoundFigures& figures) {
  if (!running_ || !source_.isEmpty() || figures.device.isEmpty()) return;
  if (heard_at_ms_ < 0 || figures.level_dbfs > silent_dbfs) {
    heard_at_ms_ = figures.time_ms;
    if (silence_noted_) notices().clear(silence_id);
    silence_noted_ = false;
  } else if (!silence_noted_ && figures.time_ms - heard_at_ms_ > silent_for_ms) {
    silence_noted_ = true;
    notices().show({Panel::sound, tr("Microphone '%1' is silent: choose another?").arg(figures.device), tr("Choose"),
                    silence_id, false});
  }
}

QString SoundPanel::stateText() const { return state_->text(); }

void SoundPanel::refreshState() {
  const bool microphone_on = running_ && source_.isEmpty();
  microphone_->setChecked(microphone_on);
  microphone_->setText(running_ ? tr("Stop") : tr("Turn microphone on"));
  if (running_) microphone_->setChecked(true);
  state_->setText(!running_           ? tr("The microphone is off.")
                  : source_.isEmpty() ? tr("Listening to %1.").arg(last_.device)
                                      : tr("Playing %1.").arg(QFileInfo(source_).fileName()));
  microphone_->setAccessibleDescription(state_->text());
}

}  // namespace catena::ui
