// The microphone as a source that heals itself.
#pragma once

#include <memory>
#include <string>

#include "audio/source.h"

namespace catena::audio {

struct CaptureSettings {
  std::string device;             ///< stable name (devices.h); empty: the default device
  double ring_seconds = 2.0;      ///< how long the reader may be away before sound is lost (and counted)
  double silent_after_s = 2.0;    ///< of callbacks with digital silence only
  double dead_after_s = 2.0;      ///< without any callback
  double first_callback_s = 4.0;  ///< a device may take this long to begin
  double retry_s = 1.0;           ///< between looks for a device that is away
};

/// Input-only PortAudio stream, kept alive by a supervising thread.
///
/// The stream runs at 16 kHz where the device (or the sound server behind it) does, else at its own rate, with a period
/// of 20 ms. The callback averages the channels, counts, and writes to a lock-free ring: no lock, no allocation, no
/// log, no exception. The supervising thread notices a device that is gone, that never calls back, or that delivers
/// digital silence only, and says so (take_events()). When the device in use fails it takes the wanted device, else the
/// default, else any, and goes back to the wanted device by itself once it is there again. While there is no device it
/// goes on looking; nothing ends the source but stop().
///
/// read(), ended(), take_events(): one thread. status(), stop(): any thread.
class Capture : public Source {
 public:
  /// Returns at once; the device is opened by the supervising thread.
  explicit Capture(CaptureSettings settings);
  /// Stops.
  ~Capture() override;

  Block read(std::span<float> out) override;
  bool ended() const override;
  void stop() override;
  bool real_time() const override { return true; }
  SourceStatus status() const override;
  std::vector<SourceEvent> take_events() override;

 private:
  class Supervisor;
  std::unique_ptr<Supervisor> supervisor_;
};

}  // namespace catena::audio
