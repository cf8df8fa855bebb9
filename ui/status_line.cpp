#include "ui/status_line.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QStatusBar>
#include <QTimer>
#include <QToolButton>

#include "ui/format.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {
constexpr int refresh_interval_ms = 200;
}

StatusLine::StatusLine(QStatusBar* bar)
    : QObject(bar),
      bar_(bar),
      project_(new QLabel(bar)),
      stream_(new QLabel(bar)),
      sound_(new QLabel(bar)),
      suggestion_(new QLabel(bar)),
      timer_(new QTimer(this)) {
  project_->setAccessibleName(tr("Project"));
  stream_->setAccessibleName(tr("Stream"));
  sound_->setAccessibleName(tr("Sound"));
  suggestion_->setAccessibleName(tr("Suggestion"));
  for (QLabel* label : {project_, stream_, sound_, suggestion_}) label->setContentsMargins(grid, 0, grid, 0);
  // Room for the longest text, so that its coming and going moves nothing.
  suggestion_->setMinimumWidth(suggestion_->fontMetrics().horizontalAdvance(tr("Tab accepts (9 of 9)")) + 2 * grid);
  suggestion_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  project_->setTextFormat(Qt::PlainText);
  project_->hide();
  bar->addPermanentWidget(project_);
  bar->addPermanentWidget(stream_);
  bar->addPermanentWidget(sound_);
  bar->addPermanentWidget(suggestion_);
  timer_->setSingleShot(true);
  timer_->setInterval(refresh_interval_ms);
  connect(timer_, &QTimer::timeout, this, &StatusLine::refresh);
  refresh();
}

void StatusLine::add(const Figures& figures) {
  figures_ = figures;
  if (!timer_->isActive()) timer_->start();
}

void StatusLine::add(const SoundFigures& figures) {
  sound_figures_ = figures;
  sound_figures_.log_mel = {};
  if (!timer_->isActive()) timer_->start();
}

void StatusLine::refresh() {
  stream_->setText(tr("read %1 tokens   chunk %2   queue %3")
                       .arg(formatCount(figures_.tokens))
                       .arg(figures_.chunk_length)
                       .arg(figures_.queue));
  const QString factor =
      sound_figures_.running ? QString::number(sound_figures_.real_time_factor, 'f', 2) : QStringLiteral("-");
  sound_->setText(tr("RT factor %1   xruns %2").arg(factor).arg(sound_figures_.overruns + sound_figures_.underruns));
}

void StatusLine::setSuggestion(int index, int alternatives) {
  if (alternatives == 0)
    suggestion_->clear();
  else if (alternatives == 1)
    suggestion_->setText(tr("Tab accepts"));
  else
    suggestion_->setText(tr("Tab accepts (%1 of %2)").arg(index + 1).arg(alternatives));
}

void StatusLine::setProject(const QString& folder) {
  project_->setText(folder.isEmpty() ? QString() : tr("starts from %1").arg(shortName(folderName(folder), 24)));
  project_->setToolTip(folder.isEmpty() ? QString() : tr("This document starts from what was read of %1").arg(folder));
  project_->setAccessibleDescription(project_->toolTip());
  project_->setVisible(!folder.isEmpty());
}

void StatusLine::say(const QString& text) { bar_->showMessage(text, 5000); }

QString StatusLine::text() const {
  return project_->text() + QStringLiteral("   ") + stream_->text() + QStringLiteral("   ") + sound_->text() +
         QStringLiteral("   ") + suggestion_->text();
}

ProgressLine::ProgressLine(QWidget* parent)
    : QWidget(parent), label_(new QLabel(this)), bar_(new QProgressBar(this)), cancel_(new QToolButton(this)) {
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(grid, 0, grid, 0);
  layout->setSpacing(grid);
  layout->addWidget(label_);
  layout->addWidget(bar_, 1);
  bar_->setTextVisible(false);
  bar_->setMaximumHeight(4);
  bar_->setAccessibleName(tr("Progress"));
  layout->addWidget(cancel_);
  cancel_->setText(tr("Cancel"));
  cancel_->setAutoRaise(true);
  cancel_->setFocusPolicy(Qt::StrongFocus);
  cancel_->hide();
  connect(cancel_, &QToolButton::clicked, this, &ProgressLine::cancelled);
  QWidget::hide();
}

void ProgressLine::showLoading() {
  label_->setText(tr("loading model"));
  bar_->setRange(0, 0);
  show();
}

void ProgressLine::showReading(qint64 read_bytes, qint64 total_bytes) {
  if (total_bytes <= 0 || read_bytes >= total_bytes) {
    finish();
    return;
  }
  const int percent = static_cast<int>(100 * qMax<qint64>(0, read_bytes) / total_bytes);
  label_->setText(tr("read %1 %").arg(percent));
  bar_->setRange(0, 100);
  bar_->setValue(percent);
  show();
}

void ProgressLine::showRemembering(const RememberingProgress& progress) {
  using State = RememberingProgress::State;
  if (progress.state == State::done || progress.state == State::stopped) {
    finish();
    return;
  }
  const QString name = shortName(folderName(progress.folder), 24);
  if (progress.state == State::looking || progress.total_bytes <= 0) {
    label_->setText(tr("remembering %1: looking for files").arg(name));
    bar_->setRange(0, 0);
  } else {
    const int percent = static_cast<int>(100 * qMin(progress.read_bytes, progress.total_bytes) / progress.total_bytes);
    const QString files = progress.files == 1 ? tr("1 file") : tr("%1 files").arg(formatCount(progress.files));
    label_->setText(tr("remembering %1: %2 %, %3").arg(name, QString::number(percent), files));
    bar_->setRange(0, 100);
    bar_->setValue(percent);
  }
  bar_->setAccessibleName(tr("Progress of remembering %1").arg(name));
  cancel_->setAccessibleName(tr("Stop remembering %1").arg(name));
  cancel_->setToolTip(tr("Stop; what was remembered before stays"));
  cancel_->show();
  show();
}

void ProgressLine::finish() {
  label_->clear();
  cancel_->hide();
  bar_->setRange(0, 100);  // an endless bar would go on animating while hidden
  hide();
}

QString ProgressLine::text() const { return isHidden() ? QString() : label_->text(); }

}  // namespace catena::ui
