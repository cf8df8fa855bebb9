#include "ui/editor/find_bar.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>

#include "ui/editor/code_editor.h"
#include "ui/theme.h"

namespace catena::ui {

FindBar::FindBar(CodeEditor& editor, QWidget* parent)
    : QWidget(parent),
      editor_(editor),
      label_(new QLabel(this)),
      input_(new QLineEdit(this)),
      match_case_(new QCheckBox(tr("Match &case"), this)),
      result_(new QLabel(this)) {
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(grid, grid / 2, grid, grid / 2);
  layout->setSpacing(grid);
  layout->addWidget(label_);
  layout->addWidget(input_, 1);
  const auto button = [&](const QString& text, const QString& name) {
    auto* b = new QPushButton(text, this);
    b->setAccessibleName(name);
    b->setAutoDefault(false);
    layout->addWidget(b);
    return b;
  };
  auto* previous = button(tr("&Previous"), tr("Find previous"));
  auto* next = button(tr("&Next"), tr("Find next"));
  layout->addWidget(match_case_);
  match_case_->setAccessibleName(tr("Match case"));
  layout->addWidget(result_);
  auto* close_button = new QToolButton(this);
  close_button->setText(QStringLiteral("\u00d7"));
  close_button->setAutoRaise(true);
  close_button->setFocusPolicy(Qt::StrongFocus);
  close_button->setAccessibleName(tr("Close the find bar"));
  layout->addWidget(close_button);
  find_only_ = {previous, next, match_case_};
  result_->setMinimumWidth(fontMetrics().horizontalAdvance(tr("not found")) + grid);
  QWidget::hide();

  connect(previous, &QPushButton::clicked, this, [this] { findNext(false); });
  connect(next, &QPushButton::clicked, this, [this] { findNext(true); });
  connect(close_button, &QToolButton::clicked, this, &FindBar::close);
  connect(input_, &QLineEdit::textEdited, this, &FindBar::textEdited);
}

void FindBar::openFind() { open(Mode::find); }
void FindBar::openGoToLine() { open(Mode::line); }

void FindBar::open(Mode mode) {
  if (mode != mode_) input_->clear();
  mode_ = mode;
  const bool find = mode == Mode::find;
  label_->setText(find ? tr("Find") : tr("Go to line"));
  input_->setAccessibleName(label_->text());
  for (QWidget* widget : find_only_) widget->setVisible(find);
  result_->clear();
  QWidget::show();
  input_->selectAll();
  input_->setFocus();
}

void FindBar::close() {
  QWidget::hide();
  editor_.setFocus();
}

void FindBar::textEdited() {
  if (mode_ == Mode::find) {
    // Search from the start of the current match, so that it grows with what is typed.
    editor_.SendScintilla(QsciScintillaBase::SCI_SETEMPTYSELECTION,
                          static_cast<unsigned long>(editor_.SendScintilla(QsciScintillaBase::SCI_GETSELECTIONSTART)));
    findNext(true);
    return;
  }
  bool ok = false;
  const int line = input_->text().toInt(&ok);
  const auto lines = static_cast<int>(editor_.SendScintilla(QsciScintillaBase::SCI_GETLINECOUNT));
  const bool valid = ok && line >= 1 && line <= lines;
  result_->setText(valid || input_->text().isEmpty() ? QString() : tr("1 to %1").arg(lines));
  if (valid) editor_.goToLine(line);
}

void FindBar::findNext(bool forward) {
  if (input_->text().isEmpty() || mode_ != Mode::find) {
    openFind();
    return;
  }
  const bool found = editor_.find(input_->text(), forward, match_case_->isChecked());
  result_->setText(found ? QString() : tr("not found"));
}

void FindBar::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) {
    close();
  } else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
    if (mode_ == Mode::find)
      findNext(!(event->modifiers() & Qt::ShiftModifier));
    else
      close();
  } else {
    QWidget::keyPressEvent(event);
  }
}

}  // namespace catena::ui
