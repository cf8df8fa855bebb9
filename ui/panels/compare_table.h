// The compared systems as a list: ticked ones read along, and each row says how its system stands.
#pragma once

#include <QTableWidget>

#include "ui/session.h"

namespace catena::ui {

class CompareTable : public QTableWidget {
  Q_OBJECT
 public:
  /// Row `i` is systems[i], and has the look of line `i`.
  CompareTable(const QVector<CompareSystem>& systems, QWidget* parent);

  void setChosen(const QStringList& ids);  ///< says nothing; unknown ids are left out
  QStringList chosen() const;
  bool isChosen(int row) const;
  int rowOf(const QString& id) const;  ///< -1: there is none
  /// Of a system that is not ticked: nothing.
  void showLane(int row, const CompareLane& lane);
  void showNothing(int row);
  /// The ticked systems' figures as lines of text.
  QString text() const;

 Q_SIGNALS:
  void chosenChanged();

 protected:
  void changeEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;  ///< Space ticks the row, whichever cell is the current one

 private:
  void set(int row, int column, const QString& text);
  void paintSwatches();

  QVector<CompareSystem> systems_;
};

/// "keeps up", "1 234 behind", "stopped"
QString compareWord(const CompareLane& lane);

}  // namespace catena::ui
