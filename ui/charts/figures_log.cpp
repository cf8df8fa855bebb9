#include "ui/charts/figures_log.h"

#include "ui/editor/text_file.h"

namespace catena::ui {
namespace {

QString number(double value) { return QString::number(value, 'g', 6); }

QString latency(const MergedSample& sample) {
  if (sample.count == 0) return QStringLiteral("0,,,");
  return QStringList{QString::number(sample.count), number(sample.min), number(sample.mean()), number(sample.max)}.join(
      u',');
}

QString quoted(QString text) { return text.isEmpty() ? text : u'"' + text.replace(u'"', QLatin1String("\"\"")) + u'"'; }

QString joined(const QString& a, const QString& b) {
  return a.isEmpty() || b.isEmpty() ? a + b : a + QStringLiteral("; ") + b;
}

}  // namespace

FiguresLog::FiguresLog(int most_rows) : most_rows_(static_cast<std::size_t>(qMax(4, most_rows))) {}

void FiguresLog::add(const Figures& figures) {
  Row row;
  row.last = figures;
  for (const double ms : figures.chunk_ms) row.chunk_ms.merge({figures.time_ms, figures.time_ms, ms, ms, ms, 1});
  for (const double ms : figures.token_ms) row.token_ms.merge({figures.time_ms, figures.time_ms, ms, ms, ms, 1});
  row.last.chunk_ms = {};
  row.last.token_ms = {};
  row.sound = sound_;
  row.settings.swap(pending_settings_);
  rows_.push_back(std::move(row));
  if (rows_.size() > most_rows_) halveOldRows();
}

void FiguresLog::add(const SoundFigures& figures) {
  sound_ = figures;
  sound_.log_mel = {};
}

void FiguresLog::add(const SettingsMark& mark) { pending_settings_ = joined(pending_settings_, mark.text); }

void FiguresLog::clear() {
  rows_.clear();
  pending_settings_.clear();
}

// The older half loses every second row, so the newest rows stay as fine as they came.
void FiguresLog::halveOldRows() {
  std::vector<Row> kept;
  const std::size_t half = rows_.size() / 2 / 2 * 2;
  for (std::size_t i = 0; i < half; i += 2) {
    Row merged = rows_[i + 1];
    merged.chunk_ms = rows_[i].chunk_ms;
    merged.chunk_ms.merge(rows_[i + 1].chunk_ms);
    merged.token_ms = rows_[i].token_ms;
    merged.token_ms.merge(rows_[i + 1].token_ms);
    merged.settings = joined(rows_[i].settings, rows_[i + 1].settings);
    kept.push_back(std::move(merged));
  }
  kept.insert(kept.end(), rows_.begin() + static_cast<std::ptrdiff_t>(half), rows_.end());
  rows_.swap(kept);
}

QByteArray FiguresLog::csv() const {
  QString text = QStringLiteral(
      "time_ms,state_bytes,marks_bytes,tensor_bytes,resident_bytes,gpu_bytes,kv_cache_bytes,tokens,chunks,chunk_length,"
      "queue,tokens_per_s,chunk_count,chunk_min_ms,chunk_mean_ms,chunk_max_ms,token_count,token_min_ms,token_mean_ms,"
      "token_max_ms,sound_running,real_time_factor,overruns,underruns,settings\n");
  for (const Row& row : rows_) {
    const Figures& f = row.last;
    QStringList cells;
    for (const qint64 n : {f.time_ms, f.state_bytes, f.marks_bytes, f.tensor_bytes, f.resident_bytes})
      cells << QString::number(n);
    cells << (f.gpu_bytes < 0 ? QString() : QString::number(f.gpu_bytes));
    for (const qint64 n : {f.kv_cache_bytes, f.tokens, f.chunks, qint64(f.chunk_length), qint64(f.queue)})
      cells << QString::number(n);
    cells << number(f.tokens_per_s) << latency(row.chunk_ms) << latency(row.token_ms)
          << QString::number(row.sound.running ? 1 : 0) << number(row.sound.real_time_factor)
          << QString::number(row.sound.overruns) << QString::number(row.sound.underruns) << quoted(row.settings);
    text += cells.join(u',') + u'\n';
  }
  return text.toUtf8();
}

QString FiguresLog::save(const QString& path) const { return writeTextFile(path, csv(), false); }

}  // namespace catena::ui
