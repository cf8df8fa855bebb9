#include "ui/panels/latency_panel.h"

#include <QHBoxLayout>

#include "ui/charts/histogram_view.h"
#include "ui/charts/timeline.h"
#include "ui/format.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {
// A suggestion should be on screen 100 ms after a key: reading a chunk must not take longer, and at 20 ms a token a
// short suggestion still arrives in time.
constexpr double chunk_budget_ms = 100;
constexpr double token_budget_ms = 20;
}  // namespace

LatencyPanel::LatencyPanel(QWidget* parent) : DashboardPanel(tr("Latency"), parent) {
  chunk_.name = tr("chunk");
  chunk_.budget_ms = chunk_budget_ms;
  token_.name = tr("token");
  token_.budget_ms = token_budget_ms;

  auto* charts = new QHBoxLayout;
  charts->setSpacing(2 * grid);
  build(chunk_, charts, tr("Time to read one chunk"), &Colors::series_a);
  build(token_, charts, tr("Time to write one token"), &Colors::series_b);
  content()->addLayout(charts, 1);

  auto* row = new QHBoxLayout;
  row->setSpacing(2 * grid);
  const auto figure = [&](const QString& name, const QString& explanation) {
    auto* label = new FigureLabel(name, explanation, this);
    row->addWidget(label);
    return label;
  };
  speed_ = figure(tr("speed"), tr("Tokens read or written a second."));
  queue_ = figure(tr("queue"), tr("Jobs waiting for the model."));
  real_time_ = figure(tr("RT factor"), tr("Processing time of sound over its duration: below 1 keeps up."));
  xruns_ = figure(tr("xruns"), tr("Sound lost on the way in (over) or missing on the way out (under)."));
  echo_ = figure(tr("echo"), tr("Echo return loss enhancement: how much quieter the canceller makes the loudspeaker's "
                                "sound in the microphone."));
  row->addStretch(1);
  row->addWidget(buttonRow(), 0, Qt::AlignBottom);
  content()->addLayout(row);
}

void LatencyPanel::build(Measure& measure, QLayout* layout, const QString& explanation, QColor Colors::*color) {
  auto* column = new QVBoxLayout;
  column->setSpacing(grid / 2);
  measure.summary = new FigureLabel(tr("per %1: p50, p95, p99").arg(measure.name), explanation, this);
  measure.timeline = new Timeline(tr("%1, over time").arg(explanation), formatMs, this);
  measure.timeline->addSeries(tr("per %1").arg(measure.name), color);
  measure.timeline->setBudget(measure.budget_ms);
  addTimeline(measure.timeline);
  measure.histogram = new HistogramView(tr("%1, distribution").arg(explanation), measure.distribution, color, this);
  measure.histogram->setBudget(measure.budget_ms);
  auto* row = new QHBoxLayout;
  row->setSpacing(grid / 2);
  row->addWidget(measure.timeline, 3);
  row->addWidget(measure.histogram, 1);
  column->addWidget(measure.summary);
  column->addLayout(row, 1);
  static_cast<QBoxLayout*>(layout)->addLayout(column, 1);
}

void LatencyPanel::add(const Figures& f) {
  last_ = f;
  const auto feed = [&](Measure& measure, const QVector<double>& samples) {
    for (const double ms : samples) {
      measure.distribution.add(ms);
      measure.timeline->add(0, f.time_ms, ms);
    }
    measure.timeline->advance(f.time_ms);
    if (!samples.isEmpty() && !frozen()) measure.histogram->changed();
  };
  feed(chunk_, f.chunk_ms);
  feed(token_, f.token_ms);
  figuresChanged();
}

void LatencyPanel::add(const SoundFigures& f) {
  sound_ = f;
  sound_.log_mel = {};
  figuresChanged();
}

void LatencyPanel::addMark(const SettingsMark& mark) {
  chunk_.timeline->addMark(mark);
  token_.timeline->addMark(mark);
}

void LatencyPanel::resetBaseline() {
  for (Measure* measure : {&chunk_, &token_}) {
    measure->distribution.clear();
    measure->histogram->update();
  }
  DashboardPanel::resetBaseline();
}

void LatencyPanel::refresh(Measure& measure) {
  const LatencyDistribution& d = measure.distribution;
  if (d.count() == 0) {
    measure.summary->set(QStringLiteral("-"));
    return;
  }
  Verdict verdict = Verdict::none;
  QString word = budgetWord(d.percentileMs(0.95), measure.budget_ms, &verdict);
  const QString trend = trendWord(trendOf(measure.timeline->series(0), 0.15));
  if (!trend.isEmpty()) word += QStringLiteral(", ") + trend;
  const QStringList values{formatMs(d.percentileMs(0.5)), formatMs(d.percentileMs(0.95)),
                           formatMs(d.percentileMs(0.99))};
  measure.summary->set(values.join(QStringLiteral("  ")), word, verdict);
  measure.timeline->setAccessibleDescription(measure.summary->line());
  measure.histogram->setAccessibleDescription(measure.summary->line());
}

void LatencyPanel::refresh() {
  refresh(chunk_);
  refresh(token_);
  speed_->set(tr("%1 tokens/s").arg(formatCount(qRound64(last_.tokens_per_s))));
  queue_->set(formatCount(last_.queue));
  if (sound_.running) {
    Verdict verdict = Verdict::none;
    const QString word = budgetWord(sound_.real_time_factor, 1, &verdict);
    const QString said = verdict == Verdict::bad ? tr("falls behind") : word.isEmpty() ? QString() : tr("keeps up");
    real_time_->set(QString::number(sound_.real_time_factor, 'f', 2), said, verdict);
  } else {
    real_time_->set(QStringLiteral("-"), tr("no sound"));
  }
  echo_->set(sound_.cancelling_echo ? formatEcho(sound_.echo_loss_db, sound_.echo_delay_ms) : QStringLiteral("-"));
  const qint64 lost = sound_.overruns + sound_.underruns;
  xruns_->set(tr("%1 over, %2 under").arg(sound_.overruns).arg(sound_.underruns), lost ? tr("sound lost") : QString(),
              lost ? Verdict::bad : Verdict::none);
}

QString LatencyPanel::figuresText() const {
  QStringList lines;
  for (const FigureLabel* label : {chunk_.summary, token_.summary, speed_, queue_, real_time_, xruns_, echo_})
    lines << label->line();
  return lines.join(u'\n');
}

}  // namespace catena::ui
