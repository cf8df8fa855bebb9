// One opened microphone: PortAudio stream, callback and ring. Internal to audio/.
#pragma once

#include <portaudio.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "audio/portaudio_system.h"
#include "audio/ring_buffer.h"

namespace catena::audio {

/// A device and a format that it takes.
struct InputFormat {
  PaDeviceIndex device = paNoDevice;
  int rate = 0;
  int channels = 0;

  /// Throws std::runtime_error with one line when the device is not there or takes nothing usable.
  static InputFormat find(const PortAudioSystem::Access& access, const std::string& name);
};

/// Opens in the constructor, closes in close(). open, close and the questions on the stream's health belong to one
/// thread (the supervising one), read() to another; the callback runs on PortAudio's.
class InputStream {
 public:
  using Clock = std::chrono::steady_clock;

  /// Opens and starts the device. Throws std::runtime_error with one line when that fails.
  InputStream(const PortAudioSystem::Access& access, const std::string& device, double ring_seconds);
  ~InputStream();
  InputStream(const InputStream&) = delete;
  InputStream& operator=(const InputStream&) = delete;

  /// Ends the stream; what the ring holds can still be read. Call with PortAudio's lock held. May be repeated.
  void close(const PortAudioSystem::Access& access);
  bool closed() const { return closed_.load(std::memory_order_acquire); }

  const std::string& device() const { return device_; }
  int rate() const { return rate_; }

  /// Reader's side.
  std::size_t read(std::span<float> out) { return ring_.read(out); }
  bool drained() const { return ring_.size() == 0; }

  /// False once PortAudio has given the stream up.
  bool active() const;
  bool called_back() const { return last_callback_.load(std::memory_order_relaxed) != 0; }
  /// Since the last callback, or since the start where there was none.
  double seconds_without_callback() const;
  /// How much sound came in since the last sample that was not exactly zero.
  double seconds_of_digital_silence() const;

  std::uint64_t overruns() const { return ring_.overruns() + input_overflows_.load(std::memory_order_relaxed); }
  std::uint64_t underruns() const { return input_underflows_.load(std::memory_order_relaxed); }
  double fill() const { return static_cast<double>(ring_.size()) / static_cast<double>(ring_.capacity()); }
  /// Age of the newest sample in the ring: the driver's latency and the time since the last callback.
  double input_latency_ms() const;

 private:
  InputStream(const PortAudioSystem::Access& access, const std::string& device, const InputFormat& format,
              double ring_seconds);
  static int callback(const void* input, void* output, unsigned long frames, const PaStreamCallbackTimeInfo* time,
                      PaStreamCallbackFlags flags, void* self);
  void receive(const float* interleaved, std::size_t frames, PaStreamCallbackFlags flags) noexcept;

  std::string device_;
  int rate_;
  int channels_;
  PaStream* stream_ = nullptr;
  double driver_latency_ms_ = 0;
  Clock::time_point start_;
  RingBuffer ring_;
  std::atomic<bool> closed_{false};
  // Written by the callback.
  std::atomic<std::int64_t> last_callback_{0};  // nanoseconds of Clock, 0: none yet
  std::atomic<std::uint64_t> silent_frames_{0};
  std::atomic<std::uint64_t> input_overflows_{0};
  std::atomic<std::uint64_t> input_underflows_{0};
};

}  // namespace catena::audio
