#include "ui/talk/talk_settings_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSlider>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/theme.h"

namespace catena::ui {
namespace {

constexpr int patience_step = 50;

}  // namespace

TalkSettingsDialog::TalkSettingsDialog(Session& session, QWidget* parent)
    : QDialog(parent),
      session_(session),
      voice_(new QComboBox(this)),
      loudspeaker_(new QComboBox(this)),
      hands_free_(new QCheckBox(tr("&Hands-free: a pause ends your turn (else hold F9)"), this)),
      barge_in_(new QCheckBox(tr("&Interrupt by speaking"), this)) {
  setWindowTitle(tr("Voice settings"));
  auto* form = new QFormLayout;
  form->addRow(tr("&Voice"), voice_);
  rate_ = slider(form, tr("&Rate"), 80, 450, 5, tr("%1 words/min"));
  pitch_ = slider(form, tr("&Pitch"), 0, 100, 1, QStringLiteral("%1"));
  volume_ = slider(form, tr("V&olume"), 0, 200, 5, tr("%1 %"));
  form->addRow(tr("&Loudspeaker"), loudspeaker_);
  form->addRow(QString(), checks());
  patience_ = slider(form, tr("P&atience"), 200, 5000, patience_step, tr("%1 ms"));
  form->addRow(QString(), hands_free_);
  form->addRow(QString(), barge_in_);
  auto* why = new QLabel(
      tr("Patience: silence that ends your turn. Over loudspeakers the voice is taken out of what the microphone "
         "hears; should it interrupt itself all the same, switch interrupting off or use headphones."),
      this);
  why->setWordWrap(true);
  why->setForegroundRole(QPalette::PlaceholderText);
  form->addRow(QString(), why);
  for (QComboBox* box : {voice_, loudspeaker_}) {
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(28);
  }
  voice_->setAccessibleName(tr("Voice"));
  loudspeaker_->setAccessibleName(tr("Loudspeaker"));
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  QPushButton* listen = buttons->addButton(tr("&Try it"), QDialogButtonBox::ActionRole);
  QPushButton* defaults = buttons->addButton(tr("&Defaults"), QDialogButtonBox::ResetRole);
  for (QPushButton* each : {listen, defaults}) each->setAutoDefault(false);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(form);
  layout->addWidget(buttons);

  listVoices();
  listLoudspeakers();
  refresh();
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::hide);
  connect(listen, &QPushButton::clicked, this,
          [this] { session_.readAloud(tr("This is how I speak. Is it easy to follow?")); });
  connect(defaults, &QPushButton::clicked, this, [this] {
    session_.applyTalkSettings({});
    refresh();
    Q_EMIT settingsChanged();
  });
  connect(&session_, &Session::voicesChanged, this, [this] {
    listVoices();
    listLoudspeakers();
    refresh();
  });
  for (QComboBox* box : {voice_, loudspeaker_}) connect(box, &QComboBox::activated, this, &TalkSettingsDialog::apply);
  for (QCheckBox* box : {hands_free_, barge_in_}) connect(box, &QCheckBox::toggled, this, &TalkSettingsDialog::apply);
}

QLayout* TalkSettingsDialog::checks() {
  tone_ = new QPushButton(tr("Test to&ne"), this);
  tone_->setToolTip(tr("Plays a second of a tone on this loudspeaker"));
  hear_ = new QPushButton(tr("H&ear yourself"), this);
  hear_->setToolTip(tr("Records three seconds of the microphone and plays them on this loudspeaker"));
  check_ = new QLabel(this);
  check_->setWordWrap(true);
  check_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* buttons = new QHBoxLayout;
  for (QPushButton* each : {tone_, hear_}) {
    each->setAutoDefault(false);
    buttons->addWidget(each);
  }
  buttons->addStretch(1);
  auto* column = new QVBoxLayout;
  column->addLayout(buttons);
  column->addWidget(check_);
  const auto start = [this](SoundCheck check) {
    check_->clear();
    session_.checkSound(check, microphone ? microphone() : QString(), loudspeaker_->currentData().toString());
  };
  connect(tone_, &QPushButton::clicked, this, [start] { start(SoundCheck::test_tone); });
  connect(hear_, &QPushButton::clicked, this, [start] { start(SoundCheck::hear_yourself); });
  connect(&session_, &Session::soundCheck, this, &TalkSettingsDialog::showCheck);
  return column;
}

void TalkSettingsDialog::showCheck(const SoundCheckStep& step) {
  switch (step.state) {
    case SoundCheckStep::State::recording:
      check_->setText(tr("Speak: recording..."));
      break;
    case SoundCheckStep::State::playing:
      check_->setText(step.check == SoundCheck::test_tone ? tr("Playing a tone...") : tr("Playing what was heard..."));
      break;
    case SoundCheckStep::State::done:
      check_->setText(step.line.isEmpty() ? tr("Did you hear it? If not, choose another device.") : step.line);
      break;
    case SoundCheckStep::State::failed:
      check_->setText(step.line);
      break;
  }
}

void TalkSettingsDialog::hideEvent(QHideEvent* event) {
  session_.stopSoundCheck();
  check_->clear();
  QDialog::hideEvent(event);
}

QSlider* TalkSettingsDialog::slider(QFormLayout* form, const QString& name, int least, int most, int step,
                                    const QString& unit) {
  auto* slider = new QSlider(Qt::Horizontal, this);
  slider->setRange(least, most);
  slider->setSingleStep(step);
  slider->setPageStep(4 * step);
  slider->setMinimumWidth(160);
  slider->setAccessibleName(QString(name).remove(u'&'));
  auto* value = new QLabel(this);
  value->setMinimumWidth(fontMetrics().horizontalAdvance(tr("450 words/min")) + grid);
  auto* row = new QHBoxLayout;
  row->addWidget(slider, 1);
  row->addWidget(value);
  auto* label = new QLabel(name, this);
  label->setBuddy(slider);
  form->addRow(label, row);
  const auto show = [slider, value, unit] {
    value->setText(unit.arg(slider->value()));
    slider->setAccessibleDescription(value->text());
  };
  show();
  connect(slider, &QSlider::valueChanged, this, [this, show] {
    show();
    apply();
  });
  return slider;
}

// English ones first: what is answered is English.
void TalkSettingsDialog::listVoices() {
  voice_->clear();
  voice_->addItem(tr("English (default)"), TalkSettings().voice);
  QVector<VoiceName> voices = session_.voices();
  std::stable_sort(voices.begin(), voices.end(), [](const VoiceName& a, const VoiceName& b) {
    return a.language.startsWith(QLatin1String("en")) > b.language.startsWith(QLatin1String("en"));
  });
  for (const VoiceName& voice : voices)
    voice_->addItem(voice.language.isEmpty() ? voice.name : tr("%1, %2").arg(voice.name, voice.language), voice.name);
}

void TalkSettingsDialog::listLoudspeakers() {
  loudspeaker_->clear();
  loudspeaker_->addItem(tr("Default device"), QString());
  for (const SoundDevice& device : session_.loudspeakers())
    loudspeaker_->addItem(device.is_default ? tr("%1 (default)").arg(device.name) : device.name, device.name);
}

void TalkSettingsDialog::refresh() {
  const TalkSettings s = session_.talkSettings();
  showing_ = true;
  // What was chosen earlier may not be there now, and is still what is wanted.
  const auto choose = [](QComboBox* box, const QString& wanted) {
    if (box->findData(wanted) < 0) box->addItem(tr("%1 (not there)").arg(wanted), wanted);
    box->setCurrentIndex(box->findData(wanted));
  };
  choose(voice_, s.voice);
  choose(loudspeaker_, s.loudspeaker);
  rate_->setValue(s.words_a_minute);
  pitch_->setValue(s.pitch);
  volume_->setValue(s.volume);
  patience_->setValue(s.patience_ms);
  hands_free_->setChecked(s.hands_free);
  barge_in_->setChecked(s.barge_in);
  barge_in_->setEnabled(s.hands_free);
  showing_ = false;
}

void TalkSettingsDialog::apply() {
  if (showing_) return;
  TalkSettings s;
  s.voice = voice_->currentData().toString();
  s.loudspeaker = loudspeaker_->currentData().toString();
  s.words_a_minute = rate_->value();
  s.pitch = pitch_->value();
  s.volume = volume_->value();
  s.patience_ms = patience_->value() / patience_step * patience_step;
  s.hands_free = hands_free_->isChecked();
  s.barge_in = barge_in_->isChecked();
  barge_in_->setEnabled(s.hands_free);
  if (s == session_.talkSettings()) return;
  session_.applyTalkSettings(s);
  Q_EMIT settingsChanged();
}

}  // namespace catena::ui
