// Reads the sound of the source that runs, on a thread of its own: a chunk of sound never waits for text to be read,
// nor a key press for sound.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "app/session/job_thread.h"
#include "app/speech/speech_listener.h"
#include "audio/sound_update.h"
#include "model/attention/stream_lane.h"
#include "ui/session.h"

namespace catena::app {

/// Called on the speech thread.
struct SpeechEvents {
  std::function<void(const ui::SpeechUpdate&)> heard;
  std::function<void(const ui::Notice&)> notice;
  std::function<void(const model::lab::LaneModel&)> runs_with;  ///< this reader, with these settings; or with none
};

/// Where the models are; an empty folder: there is none.
struct SpeechFolders {
  std::filesystem::path reader;    ///< of speech
  std::filesystem::path language;  ///< of text, which judges words
};

/// From any thread; no call waits.
class SpeechService {
 public:
  explicit SpeechService(SpeechEvents events);
  ~SpeechService();

  void load(const SpeechFolders& folders);
  /// From the next chunk on.
  void apply(const ui::ChunkSettings& settings);
  void hear(audio::SoundUpdate update);
  /// The user's turn is over, though the sound may not tell: what was read so far is settled with the next update.
  void end_utterance();
  /// Ends the thread when what it has been given is read.
  void stop() { jobs_.stop(); }

 private:
  void load_now(const SpeechFolders& folders);
  void load_reader(const SpeechFolders& folders);
  void tell_settings();
  void hear_now(const audio::SoundUpdate& update, std::chrono::steady_clock::time_point arrived);

  SpeechEvents events_;
  model::SpeechModel reader_;
  std::shared_ptr<model::WordModel> words_;
  std::shared_ptr<const model::PhraseRecogniser> phrases_;
  std::unique_ptr<SpeechListener> listener_;
  std::uint64_t stream_ = 0;
  ui::ChunkSettings settings_;
  double busy_ms_ = 0, sound_ms_ = 0;  // of the last seconds
  JobThread jobs_;                     // last: it ends before what it uses
};

}  // namespace catena::app
