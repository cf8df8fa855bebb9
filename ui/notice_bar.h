// One line at the top of a panel: what happened, and the one sensible action. Never modal.
#pragma once

#include <QList>
#include <QWidget>

#include "ui/session.h"

class QLabel;
class QToolButton;
class QPushButton;

namespace catena::ui {

class NoticeBar : public QWidget {
  Q_OBJECT
 public:
  explicit NoticeBar(QWidget* parent = nullptr);

  /// Shows a notice; one of the same action_id (or, without one, the same text) takes its place, `resolved` takes it
  /// away.
  void show(const Notice& notice);
  /// Takes the notice of this action away.
  void clear(const QString& action_id);
  void clearAll();

  /// The line shown now, empty when there is none.
  QString text() const;
  int count() const { return static_cast<int>(notices_.size()); }

 Q_SIGNALS:
  void actionTriggered(const QString& action_id);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void refresh();
  void color();

  QList<Notice> notices_;  // the newest is shown, the others wait behind it
  QLabel* label_;
  QPushButton* action_;
  QToolButton* close_;
};

}  // namespace catena::ui
