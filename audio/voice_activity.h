// Speech or pause: a decision for each 10 ms, and segments with hang-over made of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace catena::audio {

inline constexpr int kVoiceFrame = 160;  ///< samples at 16 kHz: 10 ms
inline constexpr int kVoiceFrameMs = 10;

/// Decides for each 10 ms of 16 kHz mono sound whether somebody speaks (WebRTC's detector behind its high-pass and
/// noise suppression). The first seconds adapt to the background. Not thread-safe.
class VoiceActivity {
 public:
  /// Throws std::runtime_error when the library refuses to start.
  VoiceActivity();
  ~VoiceActivity();
  VoiceActivity(VoiceActivity&&) noexcept;
  VoiceActivity& operator=(VoiceActivity&&) noexcept;

  /// `frame` holds exactly kVoiceFrame samples in -1..1.
  bool is_speech(std::span<const float> frame);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A stretch of speech or of pause. Times are of the sound: milliseconds since the stream's start.
struct Segment {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  bool speech = false;
  double detection_latency_ms = 0;  ///< how long after end_ms its end was known
};

struct SegmenterSettings {
  int onset_ms = 60;          ///< this much speech ...
  int onset_window_ms = 100;  ///< ... within this window begins a speech segment; shorter clicks do not
  int hang_over_ms = 300;     ///< this much pause ends it; shorter gaps belong to the speech
};

/// Turns decisions into segments that touch each other and cover the stream without a gap. The start of speech is put
/// back to the first speech frame of the onset window, its end to the end of its last speech frame.
class Segmenter {
 public:
  explicit Segmenter(SegmenterSettings settings = {});

  /// Takes the next 10 ms. Returns the segment that is now known to have ended, if one has.
  std::optional<Segment> feed(bool speech_frame);
  /// The stream ends here: the running segment, if it is not empty.
  std::optional<Segment> finish();

  /// Whether the running segment is speech.
  bool in_speech() const { return in_speech_; }

 private:
  Segment close(std::int64_t end_frame);

  int onset_frames_;
  int window_frames_;
  int hang_over_frames_;
  std::vector<bool> window_;          // the latest decisions, a ring of window_frames_
  std::int64_t frames_ = 0;           // taken so far
  std::int64_t start_frame_ = 0;      // of the running segment
  std::int64_t last_speech_end_ = 0;  // one past the last speech frame
  bool in_speech_ = false;
};

}  // namespace catena::audio
