// The chain behind a source: level, resampling, echo cancellation, log-mel, voice activity, chunks. No thread, no clock
// but for timing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "audio/echo_path.h"
#include "audio/level.h"
#include "audio/log_mel.h"
#include "audio/resampler.h"
#include "audio/sound_update.h"
#include "audio/voice_activity.h"

namespace catena::audio {

struct ChunkSettings {
  int length_ms = 320;        ///< 20 to 10000; rounded down to whole 10 ms
  bool end_at_pause = false;  ///< a chunk also ends when a pause is noticed, once it has a quarter of its length
};

/// One stream's processing. The results of the sound do not depend on how it is split into feeds.
class SoundProcessor {
 public:
  /// far_end: what a loudspeaker plays that this microphone may hear; null: there is none, and the sound is taken as it
  /// is. Throws std::runtime_error when the canceller does not start.
  explicit SoundProcessor(SegmenterSettings segmenter = {}, std::shared_ptr<FarEnd> far_end = nullptr);

  /// Mono samples at `rate` Hz; the rate may change between calls. `chunks` counts from the next chunk on. captured_ns
  /// and processed_ns: when the last of the samples was heard, and now (nanoseconds, the far end's clock); of no
  /// meaning without a far end.
  void feed(std::span<const float> samples, int rate, const ChunkSettings& chunks, std::int64_t captured_ns = 0,
            std::int64_t processed_ns = 0);
  /// The stream has ended: takes what the resampler still holds and closes the running segment and chunk.
  void finish();

  /// Sound processed since the last take(), in milliseconds.
  double pending_ms() const;
  /// The figures of the sound since the last take(); those of the source are the caller's to fill in.
  SoundUpdate take();

 private:
  void consume();
  void consume_frame(std::span<float> frame);
  void close_chunk();

  LevelMeter level_;          // of the source
  LevelMeter cleaned_level_;  // of what is read
  std::optional<Resampler> resampler_;
  std::optional<EchoPath> echo_;
  LogMel log_mel_;
  VoiceActivity voice_;
  Segmenter segmenter_;
  ChunkSettings chunk_settings_;
  ChunkSettings running_chunk_;   // the settings that the running chunk began with
  std::vector<float> resampled_;  // less than one voice frame between calls
  double fed_ms_ = 0;             // sound that came in
  std::int64_t captured_ns_ = 0;  // when the end of it was heard
  std::int64_t processed_ns_ = 0;
  std::int64_t frames_ = 0;       // of 10 ms, processed so far
  std::int64_t chunk_start_ = 0;  // frame
  std::int64_t chunk_index_ = 0;
  std::int64_t chunk_mark_ns_ = 0;  // clock reading up to which busy time is booked on a chunk
  double chunk_busy_ms_ = 0;
  double busy_ms_ = 0;
  std::int64_t taken_frames_ = 0;
  double real_time_factor_ = 0;
  SoundUpdate update_;
};

}  // namespace catena::audio
