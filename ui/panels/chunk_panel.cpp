#include "ui/panels/chunk_panel.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSlider>
#include <QSpinBox>
#include <QStandardItemModel>
#include <cmath>

#include "ui/theme.h"

namespace catena::ui {
namespace {

constexpr int least_power = 3;  // 8 tokens
constexpr int most_power = 9;   // 512 tokens
constexpr int sound_step_ms = 160;
constexpr int sound_steps = 8;  // 1280 ms

int powerOf(int length) {
  return qBound(least_power, static_cast<int>(std::lround(std::log2(qMax(1, length)))), most_power);
}

void enableItem(QComboBox* box, int index, bool enabled, const QString& why) {
  auto* item = qobject_cast<QStandardItemModel*>(box->model())->item(index);
  item->setEnabled(enabled);
  item->setToolTip(enabled ? QString() : why);
}

}  // namespace

ChunkPanel::ChunkPanel(Session& session, QWidget* parent)
    : PanelWidget(tr("Chunk settings"), parent),
      session_(session),
      grid_layout_(new QGridLayout),
      chunk_length_(new QSlider(Qt::Horizontal)),
      chunk_value_(new QLabel),
      sound_chunk_(new QSlider(Qt::Horizontal)),
      sound_value_(new QLabel),
      policy_(new QComboBox),
      carry_(new QComboBox),
      temperature_(new QDoubleSpinBox),
      precision_(new QComboBox),
      threads_(new QSpinBox),
      device_(new QComboBox) {
  build();
  show(session_.model());
  show(session_.settings());
  connect(&session_, &Session::modelChanged, this, [this](const ModelInfo& info) {
    show(info);
    show(session_.settings());
  });
  connect(&session_, &Session::settingsApplied, this, [this] { show(session_.settings()); });
}

QWidget* ChunkPanel::knob(int row, const QString& name, QWidget* control, const QString& trade, QLabel* value) {
  auto* label = new QLabel(name);
  label->setBuddy(control);
  auto* why = new QLabel(trade);
  why->setWordWrap(true);
  why->setForegroundRole(QPalette::PlaceholderText);
  control->setAccessibleName(QString(name).remove(u'&'));
  control->setAccessibleDescription(trade);
  control->setToolTip(trade);
  grid_layout_->addWidget(label, 2 * row, 0);
  grid_layout_->addWidget(control, 2 * row, 1, 1, value ? 1 : 2);
  if (value) {
    value->setMinimumWidth(fontMetrics().horizontalAdvance(tr("512 tokens")) + grid / 2);
    grid_layout_->addWidget(value, 2 * row, 2);
  }
  grid_layout_->addWidget(why, 2 * row + 1, 0, 1, 3);
  return why;
}

void ChunkPanel::build() {
  chunk_length_->setRange(least_power, most_power);
  chunk_length_->setPageStep(1);
  chunk_length_->setTickPosition(QSlider::TicksBelow);
  sound_chunk_->setRange(1, sound_steps);
  sound_chunk_->setPageStep(1);
  sound_chunk_->setTickPosition(QSlider::TicksBelow);
  policy_->addItem(tr("fixed length"), QVariant::fromValue(int(ChunkPolicy::fixed)));
  policy_->addItem(tr("line or statement"), QVariant::fromValue(int(ChunkPolicy::line)));
  policy_->addItem(tr("pause"), QVariant::fromValue(int(ChunkPolicy::pause)));
  carry_->addItems({tr("regression memory"), tr("none")});
  temperature_->setRange(0.01, 2.0);
  temperature_->setSingleStep(0.01);
  temperature_->setDecimals(3);
  temperature_->setKeyboardTracking(false);
  precision_->addItem(tr("32-bit float"), int(Precision::float32));
  precision_->addItem(tr("bfloat16"), int(Precision::bfloat16));
  precision_->addItem(tr("8-bit integers"), int(Precision::int8));
  threads_->setKeyboardTracking(false);
  device_->addItems({tr("CPU"), tr("CUDA")});

  for (QComboBox* box : {policy_, carry_, precision_, device_}) {  // narrow docks: the list shows the whole name
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(8);
  }

  // Alt and a letter: none that a menu or another dock has.
  int row = 0;
  knob(row++, tr("&Text chunk"), chunk_length_,
       tr("Longer: sharper attention inside the chunk. Shorter: less work a token, smaller state."), chunk_value_);
  knob(row++, tr("So&und chunk"), sound_chunk_, tr("Shorter: heard sooner. Longer: less work a second."), sound_value_);
  knob(row++, tr("&Boundaries"), policy_,
       tr("Fixed: even times. Line and pause: chunks end where the content does, at uneven times."));
  knob(row++, tr("Carr&y"), carry_, tr("Regression memory knows the whole stream; none forgets at every boundary."));
  knob(row++, tr("&Gate temperature"), temperature_, tr("Low: few tokens are remembered well. High: many, faintly."));
  knob(row++, tr("Prec&ision"), precision_,
       tr("8-bit: a quarter of the memory and the fastest on the CPU. bfloat16: half the memory. 32-bit: exact."));
  knob(row++, tr("Thre&ads"), threads_, tr("More: faster chunks. Fewer: the rest of the machine stays free."));
  device_reason_ = qobject_cast<QLabel*>(knob(row++, tr("&Device"), device_, QString()));
  grid_layout_->setColumnStretch(1, 1);
  grid_layout_->setHorizontalSpacing(grid);
  grid_layout_->setVerticalSpacing(2);
  for (int i = 1; i < row; ++i) grid_layout_->setRowMinimumHeight(2 * i, fontMetrics().height() + grid);
  grid_layout_->setRowStretch(2 * row, 1);

  auto* inner = new QWidget;
  grid_layout_->setContentsMargins(0, 0, grid, 0);
  inner->setLayout(grid_layout_);
  auto* scroll = new QScrollArea;
  scroll->setWidget(inner);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setMinimumWidth(inner->minimumSizeHint().width() + scroll->verticalScrollBar()->sizeHint().width());
  scroll->setAccessibleName(tr("Chunk settings"));
  scroll->setFocusPolicy(Qt::NoFocus);
  content()->addWidget(scroll, 1);
  auto* defaults = new QPushButton(tr("Defau&lts"));
  defaults->setAccessibleName(tr("Defaults"));
  defaults->setToolTip(tr("Back to the settings the program starts with"));
  content()->addWidget(defaults, 0, Qt::AlignRight);

  connect(defaults, &QPushButton::clicked, this, &ChunkPanel::applyDefaults);
  connect(chunk_length_, &QSlider::valueChanged, this, &ChunkPanel::apply);
  connect(sound_chunk_, &QSlider::valueChanged, this, &ChunkPanel::apply);
  for (QComboBox* box : {policy_, carry_, precision_, device_})
    connect(box, &QComboBox::currentIndexChanged, this, &ChunkPanel::apply);
  connect(temperature_, &QDoubleSpinBox::valueChanged, this, &ChunkPanel::apply);
  connect(threads_, &QSpinBox::valueChanged, this, &ChunkPanel::apply);
}

ChunkSettings ChunkPanel::shown() const {
  ChunkSettings s;
  s.chunk_length = 1 << chunk_length_->value();
  s.sound_chunk_ms = sound_chunk_->value() * sound_step_ms;
  s.policy = static_cast<ChunkPolicy>(policy_->currentData().toInt());
  s.carry = carry_->currentIndex() == 0;
  s.gate_temperature = temperature_->value();
  s.precision = static_cast<Precision>(precision_->currentData().toInt());
  s.threads = threads_->value();
  s.device = device_->currentIndex() == 0 ? Device::cpu : Device::cuda;
  return s;
}

void ChunkPanel::show(const ChunkSettings& s) {
  showing_ = true;
  chunk_length_->setValue(powerOf(s.chunk_length));
  sound_chunk_->setValue(qBound(1, s.sound_chunk_ms / sound_step_ms, sound_steps));
  policy_->setCurrentIndex(policy_->findData(int(s.policy)));
  carry_->setCurrentIndex(s.carry ? 0 : 1);
  temperature_->setValue(s.gate_temperature);
  precision_->setCurrentIndex(precision_->findData(int(s.precision)));
  threads_->setValue(s.threads);
  device_->setCurrentIndex(s.device == Device::cpu ? 0 : 1);
  chunk_value_->setText(tr("%1 tokens").arg(1 << chunk_length_->value()));
  sound_value_->setText(tr("%1 ms").arg(sound_chunk_->value() * sound_step_ms));
  showing_ = false;
}

void ChunkPanel::show(const ModelInfo& info) {
  showing_ = true;
  threads_->setRange(1, qMax(1, info.max_threads));
  const QString why = tr("CUDA is off: no usable NVIDIA graphics card, or a build without CUDA.");
  enableItem(device_, 1, info.cuda_available, why);
  const QString trade = info.cuda_available ? tr("CUDA: faster chunks, uses the memory of the graphics card.") : why;
  device_reason_->setText(trade);
  device_->setAccessibleDescription(trade);
  device_->setToolTip(trade);
  const bool remembers = !info.loaded || info.carry != QLatin1String("none");
  enableItem(carry_, 0, remembers, tr("This model was trained without a carried memory."));
  showing_ = false;
}

void ChunkPanel::apply() {
  if (showing_) return;
  const ChunkSettings settings = shown();
  show(settings);  // the texts beside the sliders
  if (settings != session_.settings()) session_.applySettings(settings);
}

bool ChunkPanel::setChunkLength(int tokens) {
  const int power = powerOf(tokens);
  if (tokens != 1 << power) return false;
  chunk_length_->setValue(power);
  return true;
}

void ChunkPanel::applyDefaults() {
  ChunkSettings defaults;
  const ModelInfo info = session_.model();
  defaults.gate_temperature = info.default_gate_temperature;
  defaults.threads = qMax(1, info.max_threads);
  show(defaults);
  apply();
}

}  // namespace catena::ui
