// How fast, and does it slow down: time per chunk and per token against a budget, their distributions, and the queue.
#pragma once

#include <QColor>

#include "ui/charts/latency_distribution.h"
#include "ui/panels/panel.h"
#include "ui/session.h"

namespace catena::ui {

class HistogramView;
struct Colors;

class LatencyPanel : public DashboardPanel {
  Q_OBJECT
 public:
  explicit LatencyPanel(QWidget* parent = nullptr);

  void add(const Figures& figures);
  void add(const SoundFigures& figures);
  void addMark(const SettingsMark& mark);
  QString figuresText() const override;
  void resetBaseline() override;

  const LatencyDistribution& chunkDistribution() const { return chunk_.distribution; }
  const LatencyDistribution& tokenDistribution() const { return token_.distribution; }

 protected:
  void refresh() override;

 private:
  struct Measure {
    QString name;
    double budget_ms = 0;
    LatencyDistribution distribution;
    Timeline* timeline = nullptr;
    HistogramView* histogram = nullptr;
    FigureLabel* summary = nullptr;
  };
  void build(Measure& measure, QLayout* layout, const QString& explanation, QColor Colors::*color);
  void refresh(Measure& measure);

  Measure chunk_;
  Measure token_;
  Figures last_;
  SoundFigures sound_;
  FigureLabel* speed_;
  FigureLabel* queue_;
  FigureLabel* real_time_;
  FigureLabel* xruns_;
  FigureLabel* echo_;
};

}  // namespace catena::ui
