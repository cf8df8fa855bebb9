#include "ui/panels/panel.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QMenu>
#include <QTimer>
#include <QToolButton>

#include "ui/charts/timeline.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {
constexpr int refresh_interval_ms = 200;  // numbers that change faster cannot be read
}

PanelWidget::PanelWidget(const QString& name, QWidget* parent)
    : QWidget(parent), notices_(new NoticeBar(this)), content_(new QVBoxLayout) {
  setAccessibleName(name);
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->setSpacing(0);
  outer->addWidget(notices_);
  content_->setContentsMargins(grid, grid / 2, grid, grid / 2);
  content_->setSpacing(grid / 2);
  outer->addLayout(content_, 1);
}

FigureLabel::FigureLabel(const QString& name, const QString& explanation, QWidget* parent)
    : QWidget(parent),
      name_(new QLabel(name, this)),
      value_(new QLabel(QStringLiteral("-"), this)),
      word_(new QLabel(this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  auto* row = new QHBoxLayout;
  row->setSpacing(grid / 2);
  QFont bold = value_->font();
  bold.setBold(true);
  value_->setFont(bold);
  row->addWidget(value_);
  row->addWidget(word_);
  row->addStretch(1);
  layout->addWidget(name_);
  layout->addLayout(row);
  name_->setForegroundRole(QPalette::PlaceholderText);
  setToolTip(explanation);
  setAccessibleName(name);
  color();
}

void FigureLabel::set(const QString& value, const QString& word, Verdict verdict) {
  if (value == value_->text() && word == word_->text() && verdict == verdict_) return;
  value_->setText(value);
  word_->setText(word);
  setAccessibleDescription(word.isEmpty() ? value : value + QStringLiteral(", ") + word);
  if (verdict == verdict_) return;
  verdict_ = verdict;
  color();
}

QString FigureLabel::line() const {
  return name_->text() + QStringLiteral(": ") + value() +
         (word().isEmpty() ? QString() : QStringLiteral(" (%1)").arg(word()));
}

void FigureLabel::color() {
  const Colors& colors = colorsFor(palette());
  const QColor color = verdict_ == Verdict::good      ? colors.good
                       : verdict_ == Verdict::warning ? colors.warning
                       : verdict_ == Verdict::bad     ? colors.bad
                                                      : colors.dim_text;
  QPalette p = word_->palette();
  p.setColor(QPalette::WindowText, color);
  word_->setPalette(p);
}

void FigureLabel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) color();
}

QString trendWord(Trend trend) {
  switch (trend) {
    case Trend::flat:
      return QObject::tr("flat");
    case Trend::growing:
      return QObject::tr("growing");
    case Trend::falling:
      return QObject::tr("falling");
    case Trend::unknown:
      break;
  }
  return {};
}

QString budgetWord(double value, double budget, Verdict* verdict) {
  *verdict = Verdict::none;
  if (budget <= 0 || value <= 0) return {};
  *verdict = value > budget ? Verdict::bad : value > 0.8 * budget ? Verdict::warning : Verdict::good;
  return *verdict == Verdict::bad       ? QObject::tr("over budget")
         : *verdict == Verdict::warning ? QObject::tr("near budget")
                                        : QObject::tr("within budget");
}

DashboardPanel::DashboardPanel(const QString& name, QWidget* parent)
    : PanelWidget(name, parent), refresh_timer_(new QTimer(this)) {
  refresh_timer_->setSingleShot(true);
  refresh_timer_->setInterval(refresh_interval_ms);
  connect(refresh_timer_, &QTimer::timeout, this, [this] {
    if (isVisible()) refresh();
  });
}

void DashboardPanel::figuresChanged() {
  if (isVisible() && !frozen() && !refresh_timer_->isActive()) refresh_timer_->start();
}

void DashboardPanel::showEvent(QShowEvent* event) {
  PanelWidget::showEvent(event);
  refresh();
}

void DashboardPanel::addTimeline(Timeline* timeline) {
  timelines_.push_back(timeline);
  connect(timeline, &Timeline::frozenChanged, this, &DashboardPanel::setFrozen);
}

bool DashboardPanel::frozen() const { return freeze_ && freeze_->isChecked(); }

void DashboardPanel::setFrozen(bool frozen) {
  if (freeze_) freeze_->setChecked(frozen);
  for (Timeline* timeline : timelines_) timeline->setFrozen(frozen);
  if (!frozen) refresh();
}

void DashboardPanel::resetBaseline() {
  for (Timeline* timeline : timelines_) timeline->clear();
  refresh();
}

QWidget* DashboardPanel::buttonRow() {
  auto* row = new QWidget(this);
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(grid / 2);
  layout->addStretch(1);
  const auto button = [&](const QString& text, const QString& tip) {
    auto* b = new QToolButton(row);
    b->setText(text);
    b->setToolTip(tip);
    b->setAccessibleName(text);
    b->setAccessibleDescription(tip);
    b->setFocusPolicy(Qt::StrongFocus);
    layout->addWidget(b);
    return b;
  };
  freeze_ = button(tr("Freeze"), tr("Stops the charts so that they can be read; measuring goes on."));
  freeze_->setCheckable(true);
  connect(freeze_, &QToolButton::toggled, this, &DashboardPanel::setFrozen);
  connect(button(tr("Reset baseline"), tr("Forgets what was measured so far and measures from now.")),
          &QToolButton::clicked, this, [this] { resetBaseline(); });
  QToolButton* out = button(tr("Export"), tr("Copies the figures, or saves them as a table or picture."));
  auto* menu = new QMenu(out);
  addExports(menu);
  out->setMenu(menu);
  out->setPopupMode(QToolButton::InstantPopup);
  return row;
}

void DashboardPanel::addExports(QMenu* menu) {
  menu->addAction(tr("&Copy figures"), this, &DashboardPanel::copyFigures);
  menu->addAction(tr("&Save CSV..."), this, &DashboardPanel::csvWanted);
  menu->addAction(tr("Save &picture..."), this, [this] { Q_EMIT pictureWanted(this); });
}

void DashboardPanel::copyFigures() { QGuiApplication::clipboard()->setText(figuresText()); }

void DashboardPanel::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu(this);
  QAction* freeze = menu.addAction(tr("Freeze"), this, [this] { setFrozen(!frozen()); });
  freeze->setCheckable(true);
  freeze->setChecked(frozen());
  menu.addAction(tr("Reset zoom"), this, [this] {
    for (Timeline* timeline : timelines_) timeline->resetZoom();
  });
  menu.addAction(tr("Reset baseline"), this, [this] { resetBaseline(); });
  menu.addSeparator();
  addExports(&menu);
  menu.exec(event->globalPos());
}

}  // namespace catena::ui
