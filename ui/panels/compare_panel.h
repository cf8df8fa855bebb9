// Other systems on the very stream that is typed or spoken, side by side: how much memory, how fast, whether they keep
// up.
#pragma once

#include "ui/panels/panel.h"
#include "ui/session.h"

class QComboBox;

namespace catena::ui {

class CompareTable;
class TokenChart;

/// The systems compute while it is seen, and only then.
class ComparePanel : public DashboardPanel {
  Q_OBJECT
 public:
  explicit ComparePanel(Session& session, QWidget* parent = nullptr);

  static QStringList usual() { return {QStringLiteral("tracker"), QStringLiteral("transformer")}; }
  void setChosen(const QStringList& ids);
  QStringList chosen() const;
  void add(const CompareFigures& figures);
  /// Whether the dock is in front of those that it shares a place with.
  void setInFront(bool in_front);

  QString figuresText() const override;
  QByteArray csv() const;  ///< what the charts show: system, tokens from and to, bytes, milliseconds
  void resetBaseline() override;

  CompareTable& table() { return *table_; }
  TokenChart& memoryChart() { return *memory_; }
  TokenChart& timeChart() { return *time_; }
  QString eventText() const { return event_->text(); }

 protected:
  void refresh() override;
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void build();
  void choiceChanged();
  void lookAgain();
  void showLines();

  Session& session_;
  QVector<CompareSystem> systems_;
  CompareFigures last_;       // without its steps
  QHash<QString, int> runs_;  // of each system, as its curves show it
  bool in_front_ = true;
  bool seen_ = false;  // and so the systems compute
  QComboBox* source_;
  QLabel* event_;
  CompareTable* table_;
  TokenChart* memory_;
  TokenChart* time_;
};

}  // namespace catena::ui
