// Tries loudspeaker and microphone for the window, on a thread of its own.
#pragma once

#include <QObject>
#include <atomic>

#include "app/session/job_thread.h"
#include "ui/session.h"

namespace catena::app {

/// On the UI thread; no call blocks.
class SoundCheckService : public QObject {
  Q_OBJECT
 public:
  explicit SoundCheckService(QObject* parent);
  /// Ends the check that runs, within some milliseconds.
  ~SoundCheckService() override;

  /// Ends the one that runs first. Device names as ui::SoundDevice has them; empty: the default ones.
  void start(ui::SoundCheck check, const QString& microphone, const QString& loudspeaker);
  void stop() { ++wanted_; }

 Q_SIGNALS:
  void step(const catena::ui::SoundCheckStep& step);

 private:
  void tell(int number, const ui::SoundCheckStep& step);
  void run(int number, ui::SoundCheck check, const std::string& microphone, const std::string& loudspeaker);

  std::atomic<int> wanted_{0};  // number of the check that may run
  JobThread jobs_;              // last: it ends before what it uses
};

}  // namespace catena::app
