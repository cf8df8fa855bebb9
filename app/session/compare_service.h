// Lets other systems read along with the stream that is being typed or spoken, on a thread of its own of low
// priority.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "app/session/job_thread.h"
#include "audio/sound_update.h"
#include "model/attention/stream_lanes.h"
#include "model/speech/frame_stack.h"
#include "ui/session.h"

namespace catena::app {

/// What can be put side by side, in the order in which it is shown.
QVector<ui::CompareSystem> compare_systems();

/// From any thread; no call waits for the work. Nothing is computed, and no token is copied, unless it is to run and a
/// system is chosen.
class CompareService {
 public:
  explicit CompareService(const model::lab::LaneLimits& limits = {});
  ~CompareService() { stop(); }

  void choose(const QStringList& systems);
  /// false: the systems keep what they have read, and go on from there if the stream is not too far ahead by then.
  void run(bool on);
  bool running() const { return run_ && chosen_; }
  void set_source(ui::CompareSource source);
  ui::CompareSource source() const { return source_; }

  /// Another model of text, or other settings of it: all that read text begin anew.
  void use(const model::lab::LaneModel& model);
  /// Another model of speech, likewise; without weights: there is none.
  void use_for_sound(const model::lab::LaneModel& model);
  /// Document `id` is the active one. `log`: the newest tokens that its stream has read.
  void document_begins(ui::DocumentId id, const model::lab::TokenLog& log);
  void document_reads(std::int64_t place, std::span<const model::Token> tokens);
  void conversation_reads(std::int64_t place, std::span<const model::Token> tokens);
  void hear(const audio::SoundUpdate& update);

  /// What was measured since the last call.
  ui::CompareFigures take();
  /// Ends the thread within a token.
  void stop() { jobs_.stop(); }

 private:
  bool reads(ui::CompareSource source) const { return running() && source_ == source; }
  template <typename T>
  void hand_over(std::int64_t place, std::span<const T> read);
  void wake();

  std::atomic<bool> run_{false}, chosen_{false};
  std::atomic<ui::CompareSource> source_{ui::CompareSource::document};
  std::atomic<ui::DocumentId> document_{0};  // that the lanes read; 0: none

  // Of the thread that calls hear(): what the reader of speech reads, made once more from the same sound.
  model::FrameStack stack_;
  std::vector<float> frames_;
  std::uint64_t heard_stream_ = 0;
  std::int64_t heard_frames_ = 0;

  model::lab::LaneModel text_, speech_;  // of the worker
  const model::lab::LaneLimits limits_;
  model::lab::StreamLanes lanes_;
  JobThread jobs_;  // last: it ends before what it uses
};

}  // namespace catena::app
