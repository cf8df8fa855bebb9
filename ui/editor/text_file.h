// Reading and writing text files without losing a byte. No widgets; every failure is one clear line.
#pragma once

#include <QByteArray>
#include <QString>

namespace catena::ui {

/// Largest file that is opened. Beyond it an editor that keeps everything in memory is the wrong tool.
constexpr qint64 largest_text_bytes = 64'000'000;

struct TextFile {
  QByteArray text;  ///< as in the file, without a byte order mark
  bool byte_order_mark = false;
  qint64 invalid_bytes = 0;  ///< bytes that are no UTF-8, kept as they are
  qint64 first_invalid = -1;
  qint64 longest_line = 0;  ///< bytes
  bool read_only = false;
  QString problem;  ///< one line when it could not be opened, else empty
};

/// Reads a file. Directories, missing permission, binary content and files above the limit give a `problem`.
TextFile readTextFile(const QString& path, qint64 limit = largest_text_bytes);

/// Writes atomically (temporary file, fsync, rename). Returns one line when it failed, and the old file is untouched.
QString writeTextFile(const QString& path, const QByteArray& text, bool byte_order_mark);

/// Counts bytes outside valid UTF-8 sequences; `first` gets the place of the first one, or -1.
qint64 countInvalidUtf8(const QByteArray& text, qint64* first);

}  // namespace catena::ui
