// Where sound comes from: the microphone (capture.h) or a file (file_source.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace catena::audio {

enum class SourceEventKind {
  started,      ///< sound arrives from `device`
  silent,       ///< the device delivers nothing but digital silence
  sound_again,  ///< the end of `silent`
  device_lost,  ///< the device stopped delivering, or there is none; the source keeps trying
  fallback,     ///< another device than the wanted one is in use
  returned,     ///< the wanted device is in use again
  truncated,    ///< the file ends before its header says so
  failed,       ///< the source cannot go on
  finished      ///< the file was read to its end, or the source was stopped
};

/// A change of a source's state, with one line for the user.
struct SourceEvent {
  SourceEventKind kind = SourceEventKind::started;
  std::string device;
  std::string text;  ///< what, where, what to do
};

/// Counters of a source since it was opened.
struct SourceStatus {
  std::string device;           ///< stable device name, or file name
  std::uint64_t overruns = 0;   ///< times that sound was lost because it was not taken in time
  std::uint64_t underruns = 0;  ///< times that the driver put silence where sound was missing
  double buffer_fill = 0;       ///< 0 to 1
  double input_latency_ms = 0;  ///< between the microphone and the newest sample that read() has returned
};

/// Mono samples in -1..1, in order, at a rate that may change when the device changes. One thread reads.
class Source {
 public:
  virtual ~Source() = default;

  /// A piece of sound: `count` samples at `rate` Hz. count = 0: nothing there yet, ask again later (or ended()).
  struct Block {
    std::size_t count = 0;
    int rate = 0;
  };
  /// Fills `out` with what is there, without waiting.
  virtual Block read(std::span<float> out) = 0;
  /// Nothing will come any more.
  virtual bool ended() const = 0;
  /// Asks the source to end; what it holds can still be read. Returns when nothing more is being captured.
  virtual void stop() = 0;
  /// True when sound comes at the pace of the clock, false when as fast as it is read.
  virtual bool real_time() const = 0;

  virtual SourceStatus status() const = 0;
  /// State changes since the last call, oldest first.
  virtual std::vector<SourceEvent> take_events() = 0;
};

}  // namespace catena::audio
