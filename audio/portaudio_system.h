// PortAudio as one shared, guarded thing. Internal to audio/: the only header that lets PortAudio's names out.
#pragma once

#include <portaudio.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "audio/devices.h"

namespace catena::audio {

/// PortAudio's functions are not thread-safe among each other and know no hot-plug: the list of devices is made when
/// it is initialised. All use of it therefore goes through one lock, and refresh() initialises it anew while no stream
/// is open. The audio callback itself takes no lock.
class PortAudioSystem {
 public:
  static PortAudioSystem& instance();

  /// Holds the lock for as long as it lives.
  class Access {
   public:
    /// Looks for devices anew. Does nothing while streams are open, since their devices would be pulled away.
    /// Throws std::runtime_error when PortAudio cannot be initialised.
    void refresh() const;
    std::vector<InputDevice> input_devices() const;
    /// PortAudio's index of the input device with this stable name.
    std::optional<PaDeviceIndex> find_input(const std::string& name) const;
    /// To be called after each successful Pa_OpenStream and after each Pa_CloseStream.
    void stream_opened() const { ++system_.open_streams_; }
    void stream_closed() const { --system_.open_streams_; }

   private:
    friend class PortAudioSystem;
    explicit Access(PortAudioSystem& system) : lock_(system.mutex_), system_(system) {}
    std::unique_lock<std::mutex> lock_;
    PortAudioSystem& system_;
  };

  Access lock() { return Access(*this); }

 private:
  PortAudioSystem();
  ~PortAudioSystem();

  std::mutex mutex_;
  int open_streams_ = 0;
  bool initialised_ = false;
};

}  // namespace catena::audio
