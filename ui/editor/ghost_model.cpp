#include "ui/editor/ghost_model.h"

namespace catena::ui {
namespace {

QByteArray withPlainLineEnds(QByteArray text) { return text.replace("\r\n", "\n").replace('\r', '\n'); }

enum class Kind { space, line_end, word, other };

Kind kindOf(char32_t c) {
  if (c == U'\n') return Kind::line_end;
  if (QChar::isSpace(c)) return Kind::space;
  return QChar::isLetterOrNumber(c) || c == U'_' || QChar::isMark(c) ? Kind::word : Kind::other;
}

QByteArray firstWord(const QByteArray& text) {
  const QList<uint> points = QString::fromUtf8(text).toUcs4().toList();
  int end = 0;
  const int count = static_cast<int>(points.size());
  const auto kind = [&](int i) { return kindOf(points[i]); };
  while (end < count && (kind(end) == Kind::space || kind(end) == Kind::line_end)) ++end;
  if (end < count) {
    const Kind first = kind(end);
    while (end < count && kind(end) == first) ++end;
  }
  QString word;
  for (int i = 0; i < end; ++i) word += QString::fromUcs4(reinterpret_cast<const char32_t*>(&points[i]), 1);
  return word.toUtf8();
}

}  // namespace

void GhostModel::asked(quint64 request, int byte_position) {
  if (byte_position != caret_) answers_.clear();
  if (answers_.isEmpty()) {
    typed_.clear();
    origin_ = caret_ = byte_position;
  }
  request_ = request;
  answered_ = false;
}

bool GhostModel::offer(const Suggestion& suggestion) {
  if (suggestion.request == 0 || suggestion.request != request_) return false;
  const int offset = suggestion.byte_position - origin_;
  if (offset < 0 || offset > typed_.size() || caret_ - origin_ != typed_.size()) return false;
  answered_ = true;
  QList<QByteArray> fresh;
  for (const QString& alternative : suggestion.alternatives) {
    const QByteArray answer = typed_.left(offset) + withPlainLineEnds(alternative.toUtf8());
    if (!fresh.contains(answer)) fresh.append(answer);
  }
  const QByteArray before = text();
  QByteArray best;
  for (const QByteArray& answer : std::as_const(fresh)) {
    if (best.isEmpty()) best = remaining(answer);
  }
  if (!before.isEmpty() && (best.isEmpty() || firstWord(best) == firstWord(before))) {
    const QByteArray running = answers_[index_];
    fresh.removeAll(running);
    fresh.prepend(running);
  }
  answers_ = fresh;
  const QList<int> fits = fitting();
  index_ = fits.isEmpty() ? 0 : fits.first();
  return text() != before;
}

bool GhostModel::edited(int byte_position, const QByteArray& removed, const QByteArray& inserted) {
  if (request_ == 0) return false;
  const QByteArray before = text();
  const QByteArray gone = withPlainLineEnds(removed);
  if (removed.isEmpty() && byte_position == caret_) {
    typed_ += withPlainLineEnds(inserted);
    caret_ += static_cast<int>(inserted.size());
  } else if (inserted.isEmpty() && byte_position + removed.size() == caret_ && byte_position >= origin_ &&
             typed_.endsWith(gone)) {
    typed_.chop(gone.size());  // taking a typed letter back gives it back to the suggestion
    caret_ = byte_position;
  } else {
    dismiss();
    return !before.isEmpty();
  }
  const QList<int> fits = fitting();
  if (fits.isEmpty() && answered_) {
    dismiss();
    return !before.isEmpty();
  }
  if (!fits.isEmpty() && !fits.contains(index_)) index_ = fits.first();
  return text() != before;
}

bool GhostModel::dismiss() {
  const bool shown = visible();
  *this = GhostModel();
  return shown;
}

QByteArray GhostModel::remaining(const QByteArray& answer) const {
  return answer.startsWith(typed_) ? answer.mid(typed_.size()) : QByteArray();
}

QList<int> GhostModel::fitting() const {
  QList<int> fits;
  for (int i = 0; i < answers_.size(); ++i)
    if (!remaining(answers_[i]).isEmpty()) fits.append(i);
  return fits;
}

QByteArray GhostModel::text() const { return index_ < answers_.size() ? remaining(answers_[index_]) : QByteArray(); }

QByteArray GhostModel::nextWord() const { return firstWord(text()); }

QByteArray GhostModel::nextLine() const {
  const QByteArray rest = text();
  const auto end = rest.indexOf('\n', rest.startsWith('\n') ? 1 : 0);
  return end < 0 ? rest : rest.left(end);
}

bool GhostModel::cycle(int step) {
  const QList<int> fits = fitting();
  if (fits.size() < 2) return false;
  const auto at = fits.indexOf(index_);
  const auto size = fits.size();
  index_ = fits[((at + step) % size + size) % size];
  return true;
}

}  // namespace catena::ui
