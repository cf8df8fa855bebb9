#include "ui/editor/text_file.h"

#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include "ui/format.h"

namespace catena::ui {
namespace {

const QByteArray mark_bytes("\xef\xbb\xbf", 3);

// Length of the valid UTF-8 sequence at `p`, 0 when there is none (overlong forms, surrogates and > U+10FFFF included).
int sequenceLength(const uchar* p, const uchar* end) {
  const uchar c = *p;
  if (c < 0x80) return 1;
  const int length = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (length == 0 || end - p < length) return 0;
  for (int i = 1; i < length; ++i)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f)) return 0;
  if ((c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f)) return 0;
  return length;
}

qint64 longestLine(const QByteArray& text) {
  qint64 longest = 0;
  for (qsizetype start = 0; start <= text.size();) {
    qsizetype end = text.indexOf('\n', start);
    if (end < 0) end = text.size();
    longest = qMax<qint64>(longest, end - start);
    start = end + 1;
  }
  return longest;
}

}  // namespace

qint64 countInvalidUtf8(const QByteArray& text, qint64* first) {
  *first = -1;
  qint64 bad = 0;
  const auto* const begin = reinterpret_cast<const uchar*>(text.constData());
  const auto* const end = begin + text.size();
  for (const uchar* p = begin; p < end;) {
    const int length = sequenceLength(p, end);
    if (length > 0) {
      p += length;
      continue;
    }
    if (*first < 0) *first = p - begin;
    ++bad;
    ++p;
  }
  return bad;
}

TextFile readTextFile(const QString& path, qint64 limit) {
  TextFile result;
  const QFileInfo info(path);
  const QString name = shortName(path);
  if (!info.exists()) {
    result.problem = QStringLiteral("%1 does not exist: check the path.").arg(name);
    return result;
  }
  if (info.isDir()) {
    result.problem = QStringLiteral("%1 is a folder: open a file in it.").arg(name);
    return result;
  }
  if (!info.isFile()) {
    result.problem = QStringLiteral("%1 is not a regular file and was not opened.").arg(name);
    return result;
  }
  if (info.size() > limit) {
    result.problem = QStringLiteral("%1 has %2; Catena opens text up to %3: split it first.")
                         .arg(name, formatBytes(double(info.size())), formatBytes(double(limit)));
    return result;
  }
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    result.problem = QStringLiteral("%1 cannot be read (%2): check its permissions.").arg(name, file.errorString());
    return result;
  }
  result.text = file.read(limit + 1);  // bounded even when the file grows meanwhile
  if (file.error() != QFileDevice::NoError || result.text.size() > limit) {
    result.problem = QStringLiteral("%1 could not be read to its end (%2): try again.").arg(name, file.errorString());
    result.text.clear();
    return result;
  }
  if (const auto zero = result.text.indexOf('\0'); zero >= 0) {
    result.problem =
        QStringLiteral("%1 is a binary file (zero byte at %2) and was not opened.").arg(name, formatCount(zero));
    result.text.clear();
    return result;
  }
  if (result.text.startsWith(mark_bytes)) {
    result.byte_order_mark = true;
    result.text.remove(0, mark_bytes.size());
  }
  result.invalid_bytes = countInvalidUtf8(result.text, &result.first_invalid);
  result.longest_line = longestLine(result.text);
  result.read_only = !info.isWritable();
  return result;
}

QString writeTextFile(const QString& path, const QByteArray& text, bool byte_order_mark) {
  const QFileInfo target(path);
  if (target.exists() && !target.isFile())  // the rename would replace a device or folder
    return QStringLiteral("%1 is not a regular file: save under another name.").arg(shortName(path));
  QSaveFile file(path);
  const auto failed = [&] {
    return QStringLiteral("%1 could not be saved (%2): the text is kept here; free space or save it elsewhere.")
        .arg(shortName(path), file.errorString());
  };
  if (!file.open(QIODevice::WriteOnly)) return failed();
  if (byte_order_mark && file.write(mark_bytes) != mark_bytes.size()) return failed();
  if (file.write(text) != text.size()) return failed();
  return file.commit() ? QString() : failed();
}

}  // namespace catena::ui
