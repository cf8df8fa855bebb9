#include "ui/panels/compare_panel.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QSplitter>

#include "ui/charts/token_chart.h"
#include "ui/format.h"
#include "ui/panels/compare_table.h"
#include "ui/theme.h"

namespace catena::ui {

ComparePanel::ComparePanel(Session& session, QWidget* parent)
    : DashboardPanel(tr("Compare"), parent),
      session_(session),
      systems_(session.compareSystems()),
      source_(new QComboBox(this)),
      event_(new QLabel(this)),
      table_(new CompareTable(systems_, this)),
      memory_(new TokenChart(tr("State against tokens read"), formatBytes, TokenChart::Axis::logarithmic, this)),
      time_(new TokenChart(tr("Time a token against tokens read"), formatMs, TokenChart::Axis::linear, this)) {
  build();
  for (int row = 0; row < systems_.size(); ++row) {
    memory_->setLabel(row, systems_[row].name);
    time_->setLabel(row, systems_[row].name);
  }
  connect(table_, &CompareTable::chosenChanged, this, &ComparePanel::choiceChanged);
  connect(source_, &QComboBox::currentIndexChanged, this,
          [this] { session_.setCompareSource(source_->currentData().value<CompareSource>()); });
}

void ComparePanel::build() {
  source_->addItem(tr("the document"), QVariant::fromValue(CompareSource::document));
  source_->addItem(tr("the conversation"), QVariant::fromValue(CompareSource::conversation));
  source_->addItem(tr("the sound"), QVariant::fromValue(CompareSource::sound));
  source_->setAccessibleName(tr("What the systems read"));
  source_->setToolTip(
      tr("The document: the tokens that its stream reads. The conversation: those of its chain. The sound: the frames "
         "that the reader of speech reads, one each 40 ms, beside that reader."));
  event_->setForegroundRole(QPalette::PlaceholderText);
  event_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  auto* head = new QHBoxLayout;
  head->setSpacing(grid);
  auto* reads = new QLabel(tr("They &read"), this);
  reads->setBuddy(source_);
  head->addWidget(reads);
  head->addWidget(source_);
  head->addWidget(event_, 1);
  head->addWidget(buttonRow());
  content()->addLayout(head);

  auto* parts = new QSplitter(Qt::Horizontal, this);
  parts->addWidget(table_);
  parts->addWidget(memory_);
  parts->addWidget(time_);
  for (int i = 0; i < parts->count(); ++i) {
    parts->setCollapsible(i, false);
    parts->setStretchFactor(i, 1);
  }
  parts->setSizes({600, 225, 225});  // in proportion: the list as wide as its columns
  content()->addWidget(parts, 1);

  auto* honest = new QLabel(
      tr("All but the tracker have random weights of its shapes: time and memory do not depend on them."), this);
  honest->setToolTip(
      tr("Time is that of one processor, at a low priority. The tracker and the Transformer run on kernels of ours, "
         "the others on "
         "LibTorch's operators: compare their curves' shapes, not their heights. The reader of speech reads a chunk at "
         "its end; its time is divided among the chunk's frames."));
  honest->setForegroundRole(QPalette::PlaceholderText);
  honest->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  content()->addWidget(honest);
}

void ComparePanel::setChosen(const QStringList& ids) {
  table_->setChosen(ids);
  choiceChanged();
}

QStringList ComparePanel::chosen() const { return table_->chosen(); }

void ComparePanel::choiceChanged() {
  showLines();
  if (seen_) session_.chooseCompared(chosen());  // else when it is shown
  refresh();
}

void ComparePanel::showLines() {
  for (int row = 0; row < systems_.size(); ++row) {
    const bool chosen = table_->isChosen(row);
    for (TokenChart* chart : {memory_, time_}) {
      chart->setShown(row, chosen);
      if (!chosen) chart->clear(row);
    }
    if (!chosen) runs_.remove(systems_[row].id);
  }
}

void ComparePanel::showEvent(QShowEvent* event) {
  DashboardPanel::showEvent(event);
  lookAgain();
}

void ComparePanel::hideEvent(QHideEvent* event) {
  DashboardPanel::hideEvent(event);
  lookAgain();
}

void ComparePanel::setInFront(bool in_front) {
  in_front_ = in_front;
  lookAgain();
}

// A dock behind another tab counts as visible, though nobody sees it.
void ComparePanel::lookAgain() {
  const bool seen = in_front_ && isVisible();
  if (seen == seen_) return;
  seen_ = seen;
  if (seen) session_.chooseCompared(chosen());
  session_.setComparing(seen);
}

void ComparePanel::add(const CompareFigures& figures) {
  last_.event = figures.event;
  last_.lanes.clear();
  for (CompareLane lane : figures.lanes) {
    const int row = table_->rowOf(lane.system);
    if (row < 0 || !table_->isChosen(row)) continue;
    if (runs_.value(lane.system) != lane.run) {  // it began anew, and so do its curves
      memory_->clear(row);
      time_->clear(row);
      runs_[lane.system] = lane.run;
    }
    for (const CompareStep& step : lane.steps) time_->add(row, step.tokens, step.ms);
    if (lane.tokens > 0) memory_->add(row, lane.tokens, double(lane.state_bytes));
    lane.steps.clear();
    last_.lanes.append(lane);
  }
  if (!frozen()) {
    memory_->changed();
    time_->changed();
  }
  figuresChanged();
}

void ComparePanel::refresh() {
  QVector<bool> told(systems_.size(), false);
  for (const CompareLane& lane : last_.lanes) {
    const int row = table_->rowOf(lane.system);
    if (row < 0 || !table_->isChosen(row)) continue;
    table_->showLane(row, lane);
    told[row] = true;
  }
  for (int row = 0; row < told.size(); ++row)
    if (!told[row]) table_->showNothing(row);
  QStringList said;
  if (chosen().isEmpty()) said << tr("No system is ticked: nothing is computed.");
  for (const CompareLane& lane : last_.lanes) {
    const int row = table_->rowOf(lane.system);
    if (!lane.problem.isEmpty() && table_->isChosen(row))
      said << tr("%1 stopped: %2").arg(systems_[row].name, lane.problem);
  }
  if (said.isEmpty() && !last_.event.isEmpty()) said << last_.event;
  event_->setText(said.join(QStringLiteral("; ")));
  event_->setToolTip(event_->text());
  memory_->changed();
  time_->changed();
}

void ComparePanel::resetBaseline() {
  for (int row = 0; row < systems_.size(); ++row) {
    memory_->clear(row);
    time_->clear(row);
  }
  DashboardPanel::resetBaseline();
}

QString ComparePanel::figuresText() const { return table_->text(); }

QByteArray ComparePanel::csv() const {
  QString text = QStringLiteral("system,figure,tokens_from,tokens_to,min,mean,max\n");
  const auto rows = [&](int row, const TokenChart& chart, const QString& figure) {
    const SampleRing& ring = chart.line(row);
    for (const MergedSample& sample : ring.range(ring.firstMs(), ring.lastMs())) {
      const auto number = [](double value) { return QString::number(value, 'g', 9); };
      text += QStringList{systems_[row].id,
                          figure,
                          QString::number(sample.start_ms),
                          QString::number(sample.end_ms),
                          number(sample.min),
                          number(sample.mean()),
                          number(sample.max)}
                  .join(u',') +
              u'\n';
    }
  };
  for (int row = 0; row < systems_.size(); ++row) {
    if (!table_->isChosen(row)) continue;
    rows(row, *memory_, QStringLiteral("state_bytes"));
    rows(row, *time_, QStringLiteral("token_ms"));
  }
  return text.toUtf8();
}

}  // namespace catena::ui
