#include "app/plot/plot_image.h"

#include <QBuffer>
#include <QGuiApplication>
#include <QImage>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "app/plot/axis.h"
#include "model/runtime/atomic_file.h"

namespace catena::app {
namespace {

constexpr int kScale = 2;  // pixels a unit: text stays sharp on dense screens
constexpr QSizeF kSize(800, 500);
constexpr QRectF kFrame(72, 24, 704, 412);

/// Told apart by most kinds of colour blindness (Okabe and Ito 2008); beyond the seventh from Tol's muted scheme.
QColor color_of(int number) {
  static const QRgb colors[] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9,
                                0x555555, 0x882255, 0x999933, 0x332288, 0x44aa99, 0xddcc77};
  return QColor(colors[static_cast<std::size_t>(number) % std::size(colors)]);
}

using Points = std::vector<std::pair<double, double>>;

/// Mean over the neighbours, a fiftieth of the curve in all.
Points smoothed(const Points& points) {
  const std::size_t reach = points.size() / 100;
  Points result;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t own = std::min({reach, i, points.size() - 1 - i});  // as many on either side
    double sum = 0;
    for (std::size_t j = i - own; j <= i + own; ++j) sum += points[j].second;
    result.emplace_back(points[i].first, sum / static_cast<double>(2 * own + 1));
  }
  return result;
}

struct Drawing {
  QPainter& painter;
  Axis x, y;

  QPointF at(const std::pair<double, double>& point) const {
    return {kFrame.left() + x.place(point.first) * kFrame.width(),
            kFrame.bottom() - y.place(point.second) * kFrame.height()};
  }

  void axes(const Plot& plot) const {
    const QColor ink(0x33, 0x33, 0x33), grid(0xe3, 0xe3, 0xe3);
    const auto line = [&](const QColor& color, QPointF from, QPointF to) {
      painter.setPen(QPen(color, 1));
      painter.drawLine(from, to);
    };
    for (const Axis::Tick& tick : x.ticks(8)) {
      const double place = kFrame.left() + x.place(tick.value) * kFrame.width();
      line(grid, {place, kFrame.top()}, {place, kFrame.bottom()});
      painter.setPen(ink);
      painter.drawText(QRectF(place - 50, kFrame.bottom() + 5, 100, 18), Qt::AlignHCenter | Qt::AlignTop,
                       QString::fromStdString(tick.label));
    }
    for (const Axis::Tick& tick : y.ticks(7)) {
      const double place = kFrame.bottom() - y.place(tick.value) * kFrame.height();
      line(grid, {kFrame.left(), place}, {kFrame.right(), place});
      painter.setPen(ink);
      painter.drawText(QRectF(0, place - 10, kFrame.left() - 7, 20), Qt::AlignRight | Qt::AlignVCenter,
                       QString::fromStdString(tick.label));
    }
    painter.setPen(QPen(ink, 1));
    painter.drawRect(kFrame);
    const auto scale = [](const std::string& name, bool logarithmic) {
      return QString::fromStdString(name) + (logarithmic ? QStringLiteral(" (logarithmic)") : QString());
    };
    painter.drawText(QRectF(kFrame.left(), kFrame.bottom() + 28, kFrame.width(), 24), Qt::AlignCenter,
                     scale(plot.x_label, plot.x_logarithmic));
    painter.save();
    painter.translate(16, kFrame.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-kFrame.height() / 2, -12, kFrame.height(), 24), Qt::AlignCenter,
                     scale(plot.y_label, plot.y_logarithmic));
    painter.restore();
  }

  void line(const Points& points, const QPen& pen) const {
    QPainterPath path;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (i == 0) {
        path.moveTo(at(points[i]));
      } else {
        path.lineTo(at(points[i]));
      }
    }
    painter.strokePath(path, pen);
  }

  void mark(const QPointF& place, const QColor& color) const {
    painter.setPen(QPen(Qt::white, 1));
    painter.setBrush(color);
    painter.drawEllipse(place, 4, 4);
    painter.setBrush(Qt::NoBrush);
  }

  void curve(const Curve& curve) const {
    const QColor color = color_of(curve.color);
    if (curve.measured) {
      line(curve.points, QPen(color, 1.2, Qt::DashLine));
      for (const auto& point : curve.points) mark(at(point), color);
      return;
    }
    if (curve.points.size() == 1) mark(at(curve.points[0]), color);
    QColor pale = color;
    pale.setAlpha(70);
    line(curve.points, QPen(pale, 1));
    line(smoothed(curve.points), QPen(color, 1.8));
  }

  /// In the upper corner that most curves leave free: falling ones the right, rising ones the left.
  void legend(const Plot& plot) const {
    const QFontMetricsF metrics = painter.fontMetrics();
    double width = 0;
    for (const Curve& curve : plot.curves)
      width = std::max(width, metrics.horizontalAdvance(QString::fromStdString(curve.name)));
    const double row = metrics.height() + 4;
    const auto rises = [](const Curve& curve) {
      return !curve.points.empty() && curve.points.back().second > curve.points.front().second;
    };
    const bool left = 2 * std::count_if(plot.curves.begin(), plot.curves.end(), rises) > std::ssize(plot.curves);
    const QRectF box(left ? kFrame.left() + 10 : kFrame.right() - width - 62, kFrame.top() + 10, width + 52,
                     row * static_cast<double>(plot.curves.size()) + 10);
    painter.setPen(QPen(QColor(0xcc, 0xcc, 0xcc), 1));
    painter.setBrush(QColor(255, 255, 255, 225));
    painter.drawRoundedRect(box, 3, 3);
    painter.setBrush(Qt::NoBrush);
    QPointF place = box.topLeft() + QPointF(8, 5 + row / 2);
    for (const Curve& curve : plot.curves) {
      const QColor color = color_of(curve.color);
      painter.setPen(QPen(color, 2, curve.measured ? Qt::DashLine : Qt::SolidLine));
      painter.drawLine(place, place + QPointF(28, 0));
      if (curve.measured) mark(place + QPointF(14, 0), color);
      painter.setPen(QColor(0x22, 0x22, 0x22));
      painter.drawText(QRectF(place.x() + 36, place.y() - row / 2, width + 4, row), Qt::AlignLeft | Qt::AlignVCenter,
                       QString::fromStdString(curve.name));
      place += QPointF(0, row);
    }
  }
};

/// The points that the axes can show.
Plot drawable(Plot plot) {
  for (Curve& curve : plot.curves) {
    std::erase_if(curve.points, [&](const auto& p) {
      return (plot.x_logarithmic && p.first <= 0) || (plot.y_logarithmic && p.second <= 0);
    });
  }
  std::erase_if(plot.curves, [](const Curve& curve) { return curve.points.empty(); });
  if (plot.curves.empty())
    throw std::runtime_error("there is no point to draw: no finite number" +
                             std::string(plot.x_logarithmic || plot.y_logarithmic ? " above zero" : ""));
  return plot;
}

}  // namespace

void write_plot(const Plot& wanted, const std::filesystem::path& png) {
  const Plot plot = drawable(wanted);
  constexpr double kFar = std::numeric_limits<double>::infinity();
  double x_least = kFar, x_greatest = -kFar, y_least = kFar, y_greatest = -kFar;
  for (const Curve& curve : plot.curves) {
    for (const auto& [x, y] : curve.points) {
      x_least = std::min(x_least, x);
      x_greatest = std::max(x_greatest, x);
      y_least = std::min(y_least, y);
      y_greatest = std::max(y_greatest, y);
    }
  }

  qputenv("QT_QPA_PLATFORM", "offscreen");
  int argc = 1;
  char name[] = "catena";
  char* argv[] = {name, nullptr};
  // Of Qt itself only the fonts are needed; what it misses of a desktop is nobody's concern.
  const QtMessageHandler usual = qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString&) {});
  const QGuiApplication fonts(argc, argv);
  qInstallMessageHandler(usual);
  QImage image(kSize.toSize() * kScale, QImage::Format_RGB32);
  image.setDevicePixelRatio(kScale);
  image.fill(Qt::white);
  QPainter painter(&image);
  painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
  QFont font(QStringLiteral("sans-serif"));
  font.setPixelSize(13);
  painter.setFont(font);
  const Drawing drawing{painter, Axis(x_least, x_greatest, plot.x_logarithmic),
                        Axis(y_least, y_greatest, plot.y_logarithmic)};
  drawing.axes(plot);
  painter.setClipRect(kFrame);
  for (const Curve& curve : plot.curves) drawing.curve(curve);
  painter.setClipping(false);
  drawing.legend(plot);
  painter.end();

  QByteArray bytes;
  QBuffer buffer(&bytes);
  image.save(&buffer, "PNG");
  model::write_file(png, std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())));
}

}  // namespace catena::app
