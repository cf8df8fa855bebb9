// How much memory, and does it grow: the state of the stream beside what a same-size Transformer would hold.
#pragma once

#include "ui/panels/panel.h"
#include "ui/session.h"

namespace catena::ui {

class MemoryPanel : public DashboardPanel {
  Q_OBJECT
 public:
  explicit MemoryPanel(QWidget* parent = nullptr);

  void add(const Figures& figures);
  void addMark(const SettingsMark& mark);
  QString figuresText() const override;
  void resetBaseline() override;

 protected:
  void refresh() override;

 private:
  Figures last_;
  SampleRing resident_;
  SampleRing tensors_;
  qint64 trend_since_ms_ = 0;
  Timeline* chart_;
  FigureLabel* state_;
  FigureLabel* kv_cache_;
  FigureLabel* marks_;
  FigureLabel* tensor_figure_;
  FigureLabel* resident_figure_;
  FigureLabel* gpu_;
};

}  // namespace catena::ui
