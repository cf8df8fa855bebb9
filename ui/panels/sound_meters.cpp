#include "ui/panels/sound_meters.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <array>

#include "ui/format.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {

constexpr int bands = 80;
constexpr int frame_ms = 10;
constexpr int columns = sound_history_ms / frame_ms;
constexpr float shown_range = 9.0F;  // natural log: 39 dB below the loudest
// Digital silence is ln 1e-10 in every band, and must look like it.
constexpr float quietest_ceiling = -23.03F + shown_range;
constexpr int clipping_shown_ms = 2000;
constexpr double quietest_dbfs = -60;

// Dark to bright through blue and orange; lightness grows evenly, so it reads without colour too.
const std::array<QRgb, 256>& heat() {
  static const std::array<QRgb, 256> table = [] {
    std::array<QRgb, 256> t{};
    const struct {
      double at;
      int r, g, b;
    } stops[] = {{0, 12, 14, 22}, {0.3, 44, 40, 110}, {0.55, 140, 50, 120}, {0.8, 235, 120, 60}, {1.0, 252, 244, 180}};
    for (int i = 0; i < 256; ++i) {
      const double v = i / 255.0;
      int k = 0;
      while (k < 3 && v > stops[k + 1].at) ++k;
      const double f = (v - stops[k].at) / (stops[k + 1].at - stops[k].at);
      const auto mix = [f](int a, int b) { return static_cast<int>(a + f * (b - a)); };
      t[static_cast<std::size_t>(i)] =
          qRgb(mix(stops[k].r, stops[k + 1].r), mix(stops[k].g, stops[k + 1].g), mix(stops[k].b, stops[k + 1].b));
    }
    return t;
  }();
  return table;
}

}  // namespace

// --- level ----------------------------------------------------------------------------------------------------------

LevelMeter::LevelMeter(QWidget* parent) : QWidget(parent), gate_(this) {
  setAccessibleName(tr("Sound level"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void LevelMeter::set(double level_dbfs, double peak_dbfs, bool clipped) {
  level_ = level_dbfs;
  peak_ = peak_dbfs;
  if (clipped) clipped_.start();
  gate_.request();
}

bool LevelMeter::showsClipping() const { return clipped_.isValid() && clipped_.elapsed() < clipping_shown_ms; }

void LevelMeter::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& colors = colorsFor(palette());
  const QString clip = tr("clipped");
  const int mark = fontMetrics().horizontalAdvance(clip) + grid;
  const QRect bar(0, 4, width() - mark - grid, height() - 8);
  painter.fillRect(bar, colors.chart);
  const auto x_of = [&](double db) {
    return static_cast<int>(bar.width() * std::clamp((db - quietest_dbfs) / -quietest_dbfs, 0.0, 1.0));
  };
  const QColor color = level_ > -3 ? colors.bad : level_ > -9 ? colors.warning : colors.good;
  painter.fillRect(QRect(bar.left(), bar.top(), x_of(level_), bar.height()), color);
  painter.setPen(colors.chart_grid);
  for (double db = -50; db < 0; db += 10) painter.drawLine(x_of(db), bar.top(), x_of(db), bar.bottom());
  painter.setPen(colors.text);
  painter.drawLine(x_of(peak_), bar.top(), x_of(peak_), bar.bottom());
  painter.setPen(colors.dim_text);
  painter.drawRect(bar.adjusted(0, 0, -1, -1));
  const QRect box(bar.right() + grid, bar.top(), mark, bar.height());
  if (showsClipping()) {
    painter.fillRect(box, colors.bad);
    painter.setPen(colors.dark ? Qt::black : Qt::white);
    painter.drawText(box, Qt::AlignCenter, clip);
  } else {
    painter.setPen(colors.dim_text);
    painter.drawText(box, Qt::AlignCenter, level_ > -119 ? tr("%1 dB").arg(level_, 0, 'f', 0) : QStringLiteral("-"));
  }
}

// --- spectrogram
// ------------------------------------------------------------------------------------------------------

Spectrogram::Spectrogram(QWidget* parent)
    : QWidget(parent), image_(columns, bands, QImage::Format_RGB32), ceiling_(quietest_ceiling), gate_(this) {
  setAccessibleName(tr("Spectrogram"));
  setAccessibleDescription(tr("Log-mel bands of the last %1 seconds").arg(sound_history_ms / 1000));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  setAttribute(Qt::WA_OpaquePaintEvent);
  image_.fill(heat()[0]);
}

void Spectrogram::add(const QVector<QVector<float>>& frames) {
  if (frames.isEmpty()) return;
  for (const QVector<float>& frame : frames) {
    float loudest = quietest_ceiling;
    for (const float value : frame) loudest = std::max(loudest, value);
    ceiling_ = std::max(loudest, ceiling_ - 0.002F);  // adapts to a quieter room within some tens of seconds
    const int column = static_cast<int>(frames_ % columns);
    for (int band = 0; band < bands && band < frame.size(); ++band) {
      const float part = std::clamp(1 + (frame[band] - ceiling_) / shown_range, 0.0F, 1.0F);
      reinterpret_cast<QRgb*>(image_.scanLine(bands - 1 - band))[column] = heat()[static_cast<std::size_t>(part * 255)];
    }
    ++frames_;
  }
  gate_.request();
}

void Spectrogram::clear() {
  image_.fill(heat()[0]);
  frames_ = 0;
  ceiling_ = quietest_ceiling;
  update();
}

qint64 Spectrogram::timeMs() const { return frames_ * frame_ms; }

void Spectrogram::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const int oldest =
      static_cast<int>(frames_ % columns);  // the ring is drawn as two pieces: oldest..end, start..newest
  const double scale = double(width()) / columns;
  const double split = (columns - oldest) * scale;
  painter.drawImage(QRectF(0, 0, split, height()), image_, QRectF(oldest, 0, columns - oldest, bands));
  painter.drawImage(QRectF(split, 0, width() - split, height()), image_, QRectF(0, 0, oldest, bands));
  if (frames_ == 0) {
    painter.setPen(QColor(200, 200, 205));
    painter.drawText(rect(), Qt::AlignCenter, tr("no sound yet"));
  }
}

// --- segments
// ---------------------------------------------------------------------------------------------------------

SegmentStrip::SegmentStrip(QWidget* parent) : QWidget(parent), gate_(this) {
  setAccessibleName(tr("Speech and pauses"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void SegmentStrip::add(const SoundSegment& segment) {
  if (!segments_.empty() && segments_.back().start_ms == segment.start_ms)
    segments_.back() = segment;
  else
    segments_.push_back(segment);
  now_ms_ = std::max(now_ms_, segment.end_ms);
  while (!segments_.empty() && segments_.front().end_ms < now_ms_ - 2 * sound_history_ms) segments_.pop_front();
  setAccessibleDescription(
      tr("%1, detected after %2")
          .arg(segment.speech ? tr("speech") : tr("pause"), formatMs(segment.detection_latency_ms)));
  gate_.request();
}

void SegmentStrip::advance(qint64 time_ms) {
  now_ms_ = std::max(now_ms_, time_ms);
  gate_.request();
}

void SegmentStrip::clear() {
  segments_.clear();
  now_ms_ = 0;
  update();
}

double SegmentStrip::xOf(qint64 time_ms) const {
  return width() * (1.0 - double(now_ms_ - time_ms) / sound_history_ms);
}

void SegmentStrip::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& colors = colorsFor(palette());
  painter.fillRect(rect(), colors.chart);
  for (const SoundSegment& segment : segments_) {
    const QRectF box(xOf(segment.start_ms), 2, xOf(segment.end_ms) - xOf(segment.start_ms), height() - 4);
    if (box.right() < 0) continue;
    if (segment.speech) {
      painter.fillRect(box, colors.series_a);
    } else {
      painter.fillRect(QRectF(box.left(), height() / 2.0 - 1, box.width(), 2), colors.dim_text);
    }
    const QString word = segment.speech ? tr("speech") : tr("pause");
    if (box.width() < fontMetrics().horizontalAdvance(word) + grid) continue;
    if (!segment.speech) {
      const double w = fontMetrics().horizontalAdvance(word) + grid;
      painter.fillRect(QRectF(box.center().x() - w / 2, 2, w, height() - 4), colors.chart);
    }
    painter.setPen(segment.speech ? colors.chart : colors.dim_text);
    painter.drawText(box, Qt::AlignCenter, word);
  }
}

bool SegmentStrip::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    QString text;
    for (const SoundSegment& s : segments_)
      if (help->pos().x() >= xOf(s.start_ms) && help->pos().x() < xOf(s.end_ms))
        text = tr("%1, %2 to %3, detected after %4")
                   .arg(s.speech ? tr("speech") : tr("pause"), formatMs(double(s.start_ms)), formatMs(double(s.end_ms)),
                        formatMs(s.detection_latency_ms));
    QToolTip::showText(help->globalPos(), text, this);
    return true;
  }
  return QWidget::event(event);
}

}  // namespace catena::ui
