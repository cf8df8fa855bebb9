#include "ui/format.h"

#include <QDir>
#include <QObject>
#include <cmath>

namespace catena::ui {
namespace {

QString withDigits(double value) {
  const double size = std::abs(value);
  return QString::number(value, 'f', size >= 100 || value == 0 ? 0 : size >= 10 ? 1 : 2);
}

}  // namespace

QString formatBytes(double bytes) {
  if (bytes < 0) return QStringLiteral("-");
  static const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  int unit = 0;
  while (bytes >= 999.5 && unit < 4) {
    bytes /= 1000;
    ++unit;
  }
  const QString number = unit == 0 ? QString::number(bytes, 'f', 0) : withDigits(bytes);
  return number + QChar(0x00a0) + QLatin1String(units[unit]);
}

QString formatMs(double milliseconds) {
  const double size = std::abs(milliseconds);
  if (size >= 1000) return withDigits(milliseconds / 1000) + QChar(0x00a0) + QStringLiteral("s");
  if (size > 0 && size < 0.1) return withDigits(milliseconds * 1000) + QChar(0x00a0) + QStringLiteral("\u00b5s");
  return withDigits(milliseconds) + QChar(0x00a0) + QStringLiteral("ms");
}

QString formatEcho(double loss_db, double delay_ms) {
  if (loss_db <= 0) return QStringLiteral("-");
  return QObject::tr("-%1 dB, %2").arg(qRound(loss_db)).arg(formatMs(qRound(delay_ms)));
}

QString withoutTrailingZeros(const QString& text) {
  const auto point = text.indexOf(u'.');
  if (point < 0) return text;
  auto end = point + 1;
  while (end < text.size() && text[end].isDigit()) ++end;
  auto keep = end;
  while (keep > point + 1 && text[keep - 1] == u'0') --keep;
  if (keep == point + 1) keep = point;
  return text.left(keep) + text.mid(end);
}

QString formatCount(qint64 count) {
  QString digits = QString::number(count);
  const int first = count < 0 ? 1 : 0;
  for (int i = static_cast<int>(digits.size()) - 3; i > first; i -= 3) digits.insert(i, QChar(0x00a0));
  return digits;
}

QString formatClock(qint64 milliseconds) {
  const qint64 seconds = milliseconds / 1000;
  const auto two = [](qint64 n) { return QStringLiteral("%1").arg(n, 2, 10, QLatin1Char('0')); };
  if (seconds < 3600) return QString::number(seconds / 60) + u':' + two(seconds % 60);
  return QString::number(seconds / 3600) + u':' + two(seconds / 60 % 60) + u':' + two(seconds % 60);
}

QString formatAge(qint64 seconds) {
  const qint64 minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  if (minutes < 1) return QObject::tr("just now");
  if (hours < 1) return minutes == 1 ? QObject::tr("1 minute ago") : QObject::tr("%1 minutes ago").arg(minutes);
  if (days < 1) return hours == 1 ? QObject::tr("1 hour ago") : QObject::tr("%1 hours ago").arg(hours);
  return days == 1 ? QObject::tr("1 day ago") : QObject::tr("%1 days ago").arg(formatCount(days));
}

QString folderName(const QString& path) {
  const QString name = QDir(path).dirName();
  return name.isEmpty() ? path : name;  // the root has none
}

QString shortName(const QString& name, int characters) {
  if (name.size() <= characters) return name;
  return QChar(0x2026) + name.right(characters - 1);
}

}  // namespace catena::ui
