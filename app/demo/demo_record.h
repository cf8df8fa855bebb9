// Listens to the session while the demo plays: prints what comes, writes completions.jsonl, and knows what is missing.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <filesystem>
#include <fstream>
#include <map>

#include "ui/session.h"

namespace catena::app {

class DemoRecord : public QObject {
  Q_OBJECT
 public:
  /// Throws std::runtime_error with one line when the file cannot be written.
  DemoRecord(ui::Session& session, const std::filesystem::path& completions);

  /// The user took (a part of) the answer to this request.
  void accepted(quint64 request, const QString& text);

  /// What did not come that should have, as one line; empty when all is well.
  QString missing() const;
  /// Writes completions.jsonl. Returns one line when it failed, else empty.
  QString finish();
  void printSummary(const QString& figures) const;

 private:
  struct Completion {
    QString text;
    QString accepted;
    double latency_ms = 0;
    int tokens = 0;
  };
  void take(const ui::Suggestion& suggestion);
  void take(const ui::Figures& figures);
  void take(const ui::SoundFigures& figures);

  std::filesystem::path file_;
  std::ofstream out_;
  std::map<quint64, Completion> completions_;  // by request
  std::vector<double> latencies_;              // of first answers, milliseconds
  QElapsedTimer since_line_;
  QString sound_;  // the latest sound figures, for the line
  qint64 most_tokens_ = 0;
  int sound_frames_ = 0;
  int speech_segments_ = 0;
  double first_ms_ = -1;  // first suggestion after the start
  QElapsedTimer clock_;
};

}  // namespace catena::app
