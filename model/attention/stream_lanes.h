// Several systems that read the same stream, each at its own pace and from its own place: what the Compare dock shows.
// No LibTorch in here.
//
// The thread that reads the stream hands its tokens or frames over (begin, write); a worker of low priority lets the
// lanes read them (step); a third thread takes the figures. Nobody waits for the worker longer than a list takes to
// swap.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "model/attention/frame_log.h"
#include "model/attention/stream_lane.h"
#include "model/attention/token_log.h"

namespace catena::model::lab {

struct LaneLimits {
  std::size_t log = 65536;   ///< tokens kept for those that are behind; a lane that is farther behind stops
  std::int64_t back = 8192;  ///< a lane begins with the stream's beginning, or at most so many tokens back
  std::size_t frames = 2048;  ///< of sound, as log: more than a minute of 40 ms each
};

struct LaneStep {
  std::int64_t tokens = 0;  ///< read with it
  float ms = 0;             ///< processor time
};

/// How a lane stands. Of sound, a frame counts as a token.
struct LaneFigures {
  std::string system;
  int run = 0;              ///< counts its beginnings
  std::int64_t tokens = 0;  ///< read since it began
  std::int64_t behind = 0;  ///< tokens that the stream has read and the lane has not, but could
  std::int64_t state_bytes = 0;
  std::int64_t held_bytes = 0;
  double p50_ms = 0, p95_ms = 0;  ///< processor time a token, of the last `latency_window` reads
  std::vector<LaneStep> steps;    ///< since the last take(), the newest most_steps of them
  std::string problem;            ///< not empty: it has stopped, and why, in one line
};

class StreamLanes {
 public:
  static constexpr std::size_t latency_window = 512, most_steps = 4096;

  explicit StreamLanes(const LaneLimits& limits = {}) : limits_(limits), log_(limits.log), sound_(limits.frames, 1) {}

  // Of any thread; none waits.
  /// Another stream: every lane begins anew with what `log` holds of it. `what` says so, in one line.
  void begin(const TokenLog& log, const std::string& what);
  /// The stream has read tokens, as TokenLog::write(). Where it went back, the lanes that were farther go back too: to
  /// the place, if they still know a state at or before it, else to their beginning.
  void write(std::int64_t place, std::span<const Token> tokens);
  /// A stream of sound, of frames of `features` numbers, as begin().
  void begin_sound(int features, const std::string& what);
  /// It has brought frames [n, features], the first of them at `place`. Where they do not follow those before, every
  /// lane begins anew.
  void write(std::int64_t place, std::span<const float> frames);
  struct Taken {
    std::vector<LaneFigures> lanes;  ///< as they were chosen
    std::string event;               ///< the last thing that happened to all, empty: nothing yet
  };
  Taken take();

  // Of the worker.
  /// The model of text: makes all lanes anew if they read text. Of a model with other weights the stream is still to be
  /// told.
  void use(const LaneModel& model);
  /// The model of speech, likewise; without weights: there is none.
  void use_for_sound(const LaneModel& model);
  /// Lanes for these systems, of lane_names(); those not named are freed, those there already go on.
  void choose(const std::vector<std::string>& systems);
  /// Lets one lane that is behind read until the time is up or `stop`; a token or chunk is read to its end. False when
  /// no lane has anything to read.
  bool step(
      std::chrono::steady_clock::time_point deadline, const std::function<bool()>& stop = [] { return false; });

 private:
  struct Lane {
    std::string system;
    std::unique_ptr<StreamLane> stream;
    std::int64_t start = 0;        // of the stream, where it began
    std::vector<float> newest_ms;  // a ring of latency_window
    std::size_t next_ms = 0;
    bool fresh = false;            // nothing was read since it began
    LaneFigures figures;
    std::int64_t place() const { return start + (stream ? stream->tokens() : 0); }
    bool stopped() const { return !figures.problem.empty(); }
  };
  struct Run {
    std::int64_t place;
    std::size_t count;     // tokens, or frames
    bool another = false;  // stream
    int features = 0;      // of its frames, in a stream of sound
    std::string event = {};
  };
  void begin_inbox(int features);
  void drop_inbox(std::int64_t place);
  std::size_t inbox_frames() const { return features_ > 0 ? frames_.size() / static_cast<std::size_t>(features_) : 0; }
  void take_in();
  const LaneModel& model() const { return reads_sound_ ? speech_ : text_; }
  std::int64_t first() const { return reads_sound_ ? sound_.begin() : log_.begin(); }
  std::int64_t end() const { return reads_sound_ ? sound_.end() : log_.end(); }
  void make_all();
  void make(Lane& lane);
  void start(Lane& lane);
  void go_back(Lane& lane, std::int64_t place);
  void stop(Lane& lane, const std::string& problem);
  Lane* next();
  bool can_read(const Lane& lane) const;
  void read(Lane& lane);
  void publish();
  void say(const std::string& event);

  const LaneLimits limits_;

  std::mutex inbox_mutex_;
  std::vector<Run> runs_;
  std::vector<Token> tokens_;
  std::vector<float> frames_;
  int features_ = 0;  // of the newest stream; 0: it is text

  // The worker's.
  bool reads_sound_ = false;
  TokenLog log_;    // of text
  FrameLog sound_;  // of sound
  LaneModel text_, speech_;
  std::vector<Lane> lanes_;
  std::size_t turn_ = 0;
  std::vector<Run> new_runs_;
  std::vector<Token> new_tokens_;
  std::vector<float> new_frames_;

  std::mutex shown_mutex_;
  Taken shown_;
};

}  // namespace catena::model::lab
