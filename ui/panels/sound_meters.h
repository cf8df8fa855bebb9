// The pictures of the sound panel: level with clipping mark, spectrogram, and the strip of speech and pause segments.
#pragma once

#include <QElapsedTimer>
#include <QImage>
#include <QWidget>
#include <deque>

#include "ui/charts/repaint_gate.h"
#include "ui/session.h"

namespace catena::ui {

/// Seconds of sound in the spectrogram and the strip.
constexpr int sound_history_ms = 10'000;

class LevelMeter : public QWidget {
  Q_OBJECT
 public:
  explicit LevelMeter(QWidget* parent = nullptr);
  void set(double level_dbfs, double peak_dbfs, bool clipped);
  bool showsClipping() const;  ///< true for a while after clipping, so that it is seen
  QSize sizeHint() const override { return {160, 24}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  double level_ = -120;
  double peak_ = -120;
  QElapsedTimer clipped_;
  RepaintGate gate_;
};

class Spectrogram : public QWidget {
  Q_OBJECT
 public:
  explicit Spectrogram(QWidget* parent = nullptr);
  /// New log-mel frames, 10 ms each.
  void add(const QVector<QVector<float>>& frames);
  void clear();
  qint64 timeMs() const;  ///< length of the sound seen so far
  QSize sizeHint() const override { return {320, 112}; }
  QSize minimumSizeHint() const override { return {120, 48}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QImage image_;  // a ring of columns, low bands at the bottom
  qint64 frames_ = 0;
  float ceiling_;
  RepaintGate gate_;
};

class SegmentStrip : public QWidget {
  Q_OBJECT
 public:
  explicit SegmentStrip(QWidget* parent = nullptr);
  /// Segments may be announced while open and again when they end: same start, later end.
  void add(const SoundSegment& segment);
  void advance(qint64 time_ms);
  void clear();
  const std::deque<SoundSegment>& segments() const { return segments_; }
  QSize sizeHint() const override { return {320, 24}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool event(QEvent* event) override;

 private:
  double xOf(qint64 time_ms) const;
  std::deque<SoundSegment> segments_;
  qint64 now_ms_ = 0;
  RepaintGate gate_;
};

}  // namespace catena::ui
