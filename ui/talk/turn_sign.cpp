#include "ui/talk/turn_sign.h"

#include <QPainter>

#include "ui/theme.h"

namespace catena::ui {
namespace {

constexpr int side = 18;

QColor colorOf(TalkSign sign, const Colors& colors) {
  switch (sign) {
    case TalkSign::off:
    case TalkSign::writing:
      return colors.dim_text;
    case TalkSign::no_sound:
      return colors.bad;
    case TalkSign::muted:
    case TalkSign::thinking:
      return colors.warning;
    case TalkSign::listening:
    case TalkSign::hearing:
      return colors.good;
    case TalkSign::speaking:
      return colors.series_a;
  }
  return colors.text;
}

}  // namespace

TurnSign::TurnSign(QWidget* parent) : QWidget(parent) { setFixedSize(side, side); }

void TurnSign::set(TalkSign sign) {
  if (sign == sign_) return;
  sign_ = sign;
  update();
}

void TurnSign::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QColor color = colorOf(sign_, colorsFor(palette()));
  const QRectF round(2.5, 2.5, side - 5, side - 5);
  painter.setPen(QPen(color, 2));
  const auto bars = [&](std::initializer_list<double> heights) {
    double x = 4;
    for (const double height : heights) {
      painter.drawLine(QPointF(x, side / 2.0 - height), QPointF(x, side / 2.0 + height));
      x += 3.4;
    }
  };
  switch (sign_) {
    case TalkSign::off:  // an empty ring
      painter.drawEllipse(round);
      break;
    case TalkSign::writing:  // lines of text
      for (const double y : {5.0, 9.0, 13.0}) painter.drawLine(QPointF(3, y), QPointF(y > 12 ? 10 : 15, y));
      break;
    case TalkSign::no_sound:  // a cross
      painter.drawLine(round.topLeft(), round.bottomRight());
      painter.drawLine(round.topRight(), round.bottomLeft());
      break;
    case TalkSign::muted:  // a barred ring
      painter.drawEllipse(round);
      painter.drawLine(QPointF(4.5, side - 4.5), QPointF(side - 4.5, 4.5));
      break;
    case TalkSign::listening:  // a ring with a dot
      painter.drawEllipse(round);
      painter.setBrush(color);
      painter.drawEllipse(QRectF(7, 7, 4, 4));
      break;
    case TalkSign::hearing:  // sound
      bars({2, 5, 7, 4});
      break;
    case TalkSign::thinking:  // three dots
      painter.setBrush(color);
      for (const double x : {3.0, 8.0, 13.0}) painter.drawEllipse(QRectF(x - 0.5, 8, 2.5, 2.5));
      break;
    case TalkSign::speaking:  // forward
      painter.setBrush(color);
      painter.drawPolygon(QPolygonF({{5, 3.5}, {14, 9}, {5, 14.5}}));
      break;
  }
}

}  // namespace catena::ui
