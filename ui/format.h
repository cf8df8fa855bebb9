// Numbers as people read them: with units, few digits, thin separators.
#pragma once

#include <QString>

namespace catena::ui {

/// "912 B", "0.9 MB", "1.25 GB" (powers of 1000); "-" below zero.
QString formatBytes(double bytes);

/// "3.1 ms", "1.4 s", "250 us".
QString formatMs(double milliseconds);

/// "-41 dB, 60 ms": an echo that is lowered so much, this long after its sound; "-" while nothing is.
QString formatEcho(double loss_db, double delay_ms);

/// "50.0 ms" -> "50 ms", "1.50 GB" -> "1.5 GB", "100 ms" stays: for round values on an axis.
QString withoutTrailingZeros(const QString& number_with_unit);

/// "128 412": groups of three, separated by a no-break space.
QString formatCount(qint64 count);

/// "0:42", "12:05", "3:07:00": a time since the start.
QString formatClock(qint64 milliseconds);

/// "just now", "5 minutes ago", "1 hour ago", "3 days ago".
QString formatAge(qint64 seconds);

/// The last part of a folder's path: what people call a project.
QString folderName(const QString& path);

/// Shortens a path or name for one line, keeping its end.
QString shortName(const QString& name, int characters = 48);

}  // namespace catena::ui
