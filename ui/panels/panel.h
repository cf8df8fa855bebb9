// What the docks have in common: a notice line on top, figures with a word beside the number, and for dashboards the
// buttons to freeze, start anew, copy and save.
#pragma once

#include <QLabel>
#include <QVBoxLayout>
#include <QWidget>

#include "ui/charts/sample_ring.h"
#include "ui/notice_bar.h"

class QBoxLayout;
class QMenu;
class QToolButton;

namespace catena::ui {

class Timeline;

class PanelWidget : public QWidget {
  Q_OBJECT
 public:
  PanelWidget(const QString& name, QWidget* parent);
  NoticeBar& notices() { return *notices_; }

 protected:
  QVBoxLayout* content() { return content_; }

 private:
  NoticeBar* notices_;
  QVBoxLayout* content_;
};

enum class Verdict { none, good, warning, bad };

/// A name, a value and a word about it. The word says what the colour says.
class FigureLabel : public QWidget {
  Q_OBJECT
 public:
  FigureLabel(const QString& name, const QString& explanation, QWidget* parent);
  void set(const QString& value, const QString& word = {}, Verdict verdict = Verdict::none);
  QString value() const { return value_->text(); }
  QString word() const { return word_->text(); }
  QString line() const;  ///< "state: 0.9 MB (flat)"

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void color();
  QLabel* name_;
  QLabel* value_;
  QLabel* word_;
  Verdict verdict_ = Verdict::none;
};

QString trendWord(Trend trend);
/// "within budget", "near budget" (above 80 %) or "over budget"; empty without budget or value.
QString budgetWord(double value, double budget, Verdict* verdict);

class DashboardPanel : public PanelWidget {
  Q_OBJECT
 public:
  DashboardPanel(const QString& name, QWidget* parent);

  void setFrozen(bool frozen);
  bool frozen() const;
  /// Measures anew from here: charts, distributions and trends.
  virtual void resetBaseline();
  /// The figures as lines of text.
  virtual QString figuresText() const = 0;
  const std::vector<Timeline*>& timelines() const { return timelines_; }

 Q_SIGNALS:
  void csvWanted();
  void pictureWanted(QWidget* chart);

 protected:
  void addTimeline(Timeline* timeline);
  /// The row of buttons; call once, after the charts are made.
  QWidget* buttonRow();
  /// Writes the figures into the labels; called at most a few times a second and only while visible.
  virtual void refresh() = 0;
  void figuresChanged();

  void showEvent(QShowEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  void copyFigures();
  void addExports(QMenu* menu);
  std::vector<Timeline*> timelines_;
  QToolButton* freeze_ = nullptr;
  QTimer* refresh_timer_;
};

}  // namespace catena::ui
