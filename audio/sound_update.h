// What the sound path tells the rest of the program, at least 20 times a second while sound comes in. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audio/echo_canceller.h"
#include "audio/level.h"
#include "audio/log_mel.h"
#include "audio/source.h"
#include "audio/voice_activity.h"

namespace catena::audio {

/// A finished stretch of sound of the set chunk length, touching the one before.
struct SoundChunk {
  std::int64_t index = 0;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  double processing_ms = 0;  ///< time spent on it: resampling, features, voice activity
};

/// Everything since the last update. Times in milliseconds count the sound itself, from the start of the stream: while
/// no device delivers they stand still.
struct SoundUpdate {
  std::uint64_t stream = 0;  ///< number of the start() it belongs to
  std::int64_t time_ms = 0;  ///< how much sound has been processed
  bool running = false;      ///< false in the last update of a stream
  std::string device;        ///< stable name or file name; empty while there is none
  double level_dbfs = kSilenceDbfs;  ///< of what is read: behind the echo canceller
  double peak_dbfs = kSilenceDbfs;
  bool clipped = false;
  bool speech = false;              ///< somebody speaks at time_ms
  double real_time_factor = 0;      ///< processing time / duration of the sound
  double buffer_fill = 0;           ///< 0 to 1, the fullest since the last update
  std::uint64_t overruns = 0;       ///< since the stream's start
  std::uint64_t underruns = 0;      ///< since the stream's start
  double latency_ms = 0;            ///< from the microphone to this update, for the oldest sample in it
  EchoFigures echo;                 ///< of the loudspeaker in the microphone
  std::vector<MelFrame> log_mel;    ///< new frames, 10 ms apart
  std::vector<Segment> segments;    ///< speech and pauses that ended
  std::vector<SoundChunk> chunks;   ///< chunks that were completed
  std::vector<SourceEvent> events;  ///< changes of state, each with one line for the user
  std::uint64_t skipped = 0;        ///< frames, segments, chunks and events thrown away because nobody took updates
};

}  // namespace catena::audio
