// What the dashboards showed, as a table for files and the clipboard. Bounded: old rows are merged in pairs as it
// fills.
#pragma once

#include <QString>
#include <vector>

#include "ui/charts/sample_ring.h"
#include "ui/session.h"

namespace catena::ui {

class FiguresLog {
 public:
  explicit FiguresLog(int most_rows = 8192);

  void add(const Figures& figures);
  void add(const SoundFigures& figures);
  void add(const SettingsMark& mark);
  void clear();

  int rows() const { return static_cast<int>(rows_.size()); }
  /// Comma-separated, one header line; units are in the names. The settings column holds what changed.
  QByteArray csv() const;
  /// Writes csv() atomically; returns one line when it failed, else empty.
  QString save(const QString& path) const;

 private:
  struct Row {
    Figures last;        // without its latency vectors
    SoundFigures sound;  // without its frames
    MergedSample chunk_ms;
    MergedSample token_ms;
    QString settings;
  };
  void halveOldRows();

  std::size_t most_rows_;
  std::vector<Row> rows_;
  SoundFigures sound_;
  QString pending_settings_;
};

}  // namespace catena::ui
