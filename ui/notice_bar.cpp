#include "ui/notice_bar.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>

#include "ui/theme.h"

namespace catena::ui {
namespace {

bool sameMatter(const Notice& a, const Notice& b) {
  return a.action_id.isEmpty() && b.action_id.isEmpty() ? a.text == b.text : a.action_id == b.action_id;
}

}  // namespace

NoticeBar::NoticeBar(QWidget* parent)
    : QWidget(parent), label_(new QLabel(this)), action_(new QPushButton(this)), close_(new QToolButton(this)) {
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(grid, grid / 2, grid / 2, grid / 2);
  layout->setSpacing(grid);
  auto* icon = new QLabel(this);
  icon->setPixmap(style()->standardIcon(QStyle::SP_MessageBoxWarning).pixmap(16, 16));
  icon->setAccessibleName(tr("Notice"));
  layout->addWidget(icon);
  label_->setWordWrap(true);
  label_->setTextFormat(Qt::PlainText);
  label_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  layout->addWidget(label_, 1);
  layout->addWidget(action_);
  close_->setText(QStringLiteral("\u00d7"));
  close_->setAutoRaise(true);
  close_->setFocusPolicy(Qt::StrongFocus);
  close_->setToolTip(tr("Dismiss"));
  close_->setAccessibleName(tr("Dismiss this notice"));
  layout->addWidget(close_);
  setAutoFillBackground(true);
  color();
  QWidget::hide();

  connect(action_, &QPushButton::clicked, this, [this] {
    const QString id = notices_.last().action_id;
    notices_.removeLast();
    refresh();
    Q_EMIT actionTriggered(id);
  });
  connect(close_, &QToolButton::clicked, this, [this] {
    notices_.removeLast();
    refresh();
  });
}

void NoticeBar::show(const Notice& notice) {
  notices_.removeIf([&](const Notice& old) { return sameMatter(old, notice); });
  if (!notice.resolved) notices_.append(notice);
  if (notices_.size() > 20) notices_.removeFirst();
  refresh();
}

void NoticeBar::clear(const QString& action_id) {
  notices_.removeIf([&](const Notice& old) { return old.action_id == action_id; });
  refresh();
}

void NoticeBar::clearAll() {
  notices_.clear();
  refresh();
}

void NoticeBar::color() {
  const QColor wanted = colorsFor(parentWidget() ? parentWidget()->palette() : palette()).notice;
  if (palette().color(QPalette::Window) == wanted) return;
  QPalette p = parentWidget() ? parentWidget()->palette() : palette();
  p.setColor(QPalette::Window, wanted);
  setPalette(p);
}

void NoticeBar::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) color();
}

QString NoticeBar::text() const { return notices_.isEmpty() ? QString() : notices_.last().text; }

void NoticeBar::refresh() {
  setVisible(!notices_.isEmpty());
  if (notices_.isEmpty()) return;
  const Notice& notice = notices_.last();
  label_->setText(notice.text);
  action_->setVisible(!notice.action.isEmpty());
  action_->setText(notice.action);
  action_->setAccessibleName(notice.action);
  action_->setAccessibleDescription(notice.text);
  setAccessibleName(notice.text);
  QAccessibleEvent alert(this, QAccessible::Alert);
  QAccessible::updateAccessibility(&alert);
}

}  // namespace catena::ui
