#include "ui/panels/memory_panel.h"

#include <QHBoxLayout>

#include "ui/charts/timeline.h"
#include "ui/format.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {

constexpr qint64 settling_ms = 200;  // samples on their way still show what was before

// Ours is promised to be flat: growing is worth a warning.
void setWithTrend(FigureLabel* label, qint64 bytes, const SampleRing& ring, double tolerance, qint64 since_ms) {
  const Trend trend = trendOf(ring, tolerance, since_ms);
  label->set(formatBytes(double(bytes)), trendWord(trend),
             trend == Trend::growing   ? Verdict::warning
             : trend == Trend::unknown ? Verdict::none
                                       : Verdict::good);
}

}  // namespace

MemoryPanel::MemoryPanel(QWidget* parent) : DashboardPanel(tr("Memory"), parent) {
  chart_ = new Timeline(tr("Memory over time: state and KV cache of a Transformer"), formatBytes, this);
  chart_->addSeries(tr("state"), &Colors::series_a);
  chart_->addSeries(tr("Transformer KV cache"), &Colors::series_b);
  addTimeline(chart_);
  auto* row = new QHBoxLayout;
  row->setSpacing(grid);
  const auto figure = [&](const QString& name, const QString& explanation) {
    auto* label = new FigureLabel(name, explanation, this);
    row->addWidget(label);
    return label;
  };
  state_ = figure(tr("state"), tr("All that is carried from the text read so far: a constant size."));
  kv_cache_ = figure(tr("KV cache"), tr("What a Transformer of the same size would hold on this stream."));
  marks_ = figure(tr("marks"), tr("Checkpoints of the stream: an edit is read again from the nearest one."));
  tensor_figure_ = figure(tr("tensors"), tr("Everything the model holds, weights included."));
  resident_figure_ = figure(tr("resident"), tr("Memory of the whole program."));
  gpu_ = figure(tr("GPU"), tr("Memory held on the graphics card."));
  gpu_->hide();
  row->addStretch(1);
  content()->addLayout(row);
  content()->addWidget(chart_, 1);
  content()->addWidget(buttonRow());
}

void MemoryPanel::add(const Figures& f) {
  if (last_.state_bytes == 0 && f.state_bytes > 0) trend_since_ms_ = f.time_ms;  // the model has come
  last_ = f;
  chart_->add(0, f.time_ms, double(f.state_bytes));
  chart_->add(1, f.time_ms, double(f.kv_cache_bytes));
  resident_.add(f.time_ms, double(f.resident_bytes));
  tensors_.add(f.time_ms, double(f.tensor_bytes));
  figuresChanged();
}

// A setting changes sizes at once; whether they grow is a question about the time since then.
void MemoryPanel::addMark(const SettingsMark& mark) {
  chart_->addMark(mark);
  trend_since_ms_ = mark.time_ms + settling_ms;
}

void MemoryPanel::resetBaseline() {
  resident_.clear();
  tensors_.clear();
  DashboardPanel::resetBaseline();
}

void MemoryPanel::refresh() {
  setWithTrend(state_, last_.state_bytes, chart_->series(0), 0, trend_since_ms_);
  kv_cache_->set(formatBytes(double(last_.kv_cache_bytes)), trendWord(trendOf(chart_->series(1))));
  marks_->set(formatBytes(double(last_.marks_bytes)));
  setWithTrend(tensor_figure_, last_.tensor_bytes, tensors_, 0.05, trend_since_ms_);
  setWithTrend(resident_figure_, last_.resident_bytes, resident_, 0.05, trend_since_ms_);
  gpu_->setVisible(last_.gpu_bytes >= 0);
  if (last_.gpu_bytes >= 0) gpu_->set(formatBytes(double(last_.gpu_bytes)));
  if (last_.state_bytes > 0) chart_->setAccessibleDescription(figuresText().replace(u'\n', QLatin1String("; ")));
}

QString MemoryPanel::figuresText() const {
  QStringList lines;
  for (const FigureLabel* label : {state_, kv_cache_, marks_, tensor_figure_, resident_figure_}) lines << label->line();
  if (last_.gpu_bytes >= 0) lines << gpu_->line();
  return lines.join(u'\n');
}

}  // namespace catena::ui
