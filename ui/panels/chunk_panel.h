// The knobs of the running stream. Each says in one line what it trades; a change is applied at once.
#pragma once

#include "ui/panels/panel.h"
#include "ui/session.h"

class QComboBox;
class QDoubleSpinBox;
class QGridLayout;
class QLabel;
class QSlider;
class QSpinBox;

namespace catena::ui {

class ChunkPanel : public PanelWidget {
  Q_OBJECT
 public:
  explicit ChunkPanel(Session& session, QWidget* parent = nullptr);

  ChunkSettings shown() const;
  /// Back to what the program starts with (device and threads as the machine allows).
  void applyDefaults();
  /// False for a length that is not offered.
  bool setChunkLength(int tokens);

 private:
  void build();
  QWidget* knob(int row, const QString& name, QWidget* control, const QString& trade, QLabel* value = nullptr);
  void show(const ChunkSettings& settings);
  void show(const ModelInfo& info);
  void apply();

  Session& session_;
  bool showing_ = false;
  QGridLayout* grid_layout_;
  QSlider* chunk_length_;
  QLabel* chunk_value_;
  QSlider* sound_chunk_;
  QLabel* sound_value_;
  QComboBox* policy_;
  QComboBox* carry_;
  QDoubleSpinBox* temperature_;
  QComboBox* precision_;
  QSpinBox* threads_;
  QComboBox* device_;
  QLabel* device_reason_;
};

}  // namespace catena::ui
