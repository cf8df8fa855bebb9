// Joins the sound path to the window: starts and stops it off the UI thread, and turns its updates into the window's
// values and lines.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <atomic>
#include <functional>
#include <memory>

#include "app/session/job_thread.h"
#include "audio/sound_pipeline.h"
#include "ui/session.h"

namespace catena::app {

/// On the UI thread; no call blocks.
class SoundLink : public QObject {
  Q_OBJECT
 public:
  /// `clock` runs since the session's start and outlives this. `hear` gets every update, on the UI thread; it must not
  /// wait. far_end: what the loudspeaker plays, which microphones do not hear then; may be null.
  SoundLink(const QElapsedTimer& clock, std::function<void(audio::SoundUpdate)> hear,
            std::shared_ptr<audio::FarEnd> far_end, QObject* parent);
  ~SoundLink() override;

  const QVector<ui::SoundDevice>& devices() const { return devices_; }
  const QVector<ui::SoundDevice>& loudspeakers() const { return loudspeakers_; }
  const QVector<ui::VoiceName>& voices() const { return voices_; }
  /// Looks for devices, and the first time for voices, in the background; devicesChanged() and voicesChanged() follow
  /// if there is news.
  void refreshDevices();

  void startMicrophone(const QString& device_name);
  void startFile(const QString& path);
  void stop();
  /// Ends the stream that is running and waits for it (about 0.1 s): for the end of the program.
  void shutDown();
  /// From the next chunk on. Throws nothing: lengths outside 160 to 1280 ms are brought inside.
  void setChunks(int length_ms, bool end_at_pause);

 Q_SIGNALS:
  void figures(const catena::ui::SoundFigures& figures);
  void segment(const catena::ui::SoundSegment& segment);
  void notice(const catena::ui::Notice& notice);
  void devicesChanged();
  void voicesChanged();  ///< or loudspeakers
  void speechPaused();  ///< somebody stopped speaking

 private:
  void take();
  void listVoices();
  void show(const audio::SoundUpdate& update);
  void show(const audio::SourceEvent& event);
  void fail(const std::string& line);

  const QElapsedTimer& clock_;
  std::function<void(audio::SoundUpdate)> hear_;
  std::shared_ptr<audio::FarEnd> far_end_;
  QVector<ui::SoundDevice> devices_, loudspeakers_;
  QVector<ui::VoiceName> voices_;
  std::atomic<bool> update_waits_{false};
  audio::SoundPipeline pipeline_;
  JobThread control_;  // starting and stopping a device takes its time. Last: it ends before what it uses
};

}  // namespace catena::app
