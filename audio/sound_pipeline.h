// The sound path as the rest of the program sees it: start a microphone or a file, take updates, stop.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audio/sound_processor.h"
#include "audio/sound_update.h"

namespace catena::audio {

/// Source -> worker thread (level, resampling, echo cancellation, log-mel, voice activity) -> bounded queue of updates.
///
/// start_*(), stop() and poll() may be called from any thread, one at a time each. An update is ready 20 to 30 times a
/// second whatever the chunk length; a state change is handed on at once. Nothing that was captured is lost at stop():
/// it is processed and in the updates that poll() returns afterwards, the last of which has running = false.
class SoundPipeline {
 public:
  /// notify: called on the worker thread after each new update, so that the taker need not watch the clock. It must not
  /// call back into the pipeline's start or stop.
  explicit SoundPipeline(std::function<void()> notify = {});
  ~SoundPipeline();
  SoundPipeline(const SoundPipeline&) = delete;
  SoundPipeline& operator=(const SoundPipeline&) = delete;

  /// Listens to the microphone with this stable name (devices.h); empty: the default one. Ends what was running and
  /// returns the new stream's number at once. There need be no such device: updates say what is being listened to.
  /// far_end: what the loudspeaker plays (Speaker), which is then taken out of what is heard.
  std::uint64_t start_microphone(const std::string& device_name, std::shared_ptr<FarEnd> far_end = nullptr);
  /// Plays a file through the sound path, at its own pace or as fast as the updates are taken. Ends what was running.
  /// Throws std::runtime_error with one line when the file cannot be used; what was running goes on then.
  std::uint64_t start_file(const std::filesystem::path& file, bool real_time);
  /// Ends the stream and waits until all that was captured is processed (about 0.1 s). Does nothing when nothing runs.
  void stop();
  bool running() const;

  /// Applies from the next chunk on, also while running. Throws std::invalid_argument outside 20 to 10000 ms.
  void set_chunks(const ChunkSettings& settings);

  /// The updates since the last poll, oldest first. Never waits.
  std::vector<SoundUpdate> poll();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace catena::audio
