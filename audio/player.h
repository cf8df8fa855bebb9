// Sound out: one opened loudspeaker.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "audio/far_end.h"

namespace catena::audio {

/// Samples go into a ring and from there to the device. write(), discard() and the questions belong to one thread.
class Player {
 public:
  /// Opens the output device with this stable name, the default one when it is empty or not there. Throws
  /// std::runtime_error with one line when there is none that takes sound of this rate. far_end, of the same rate: is
  /// told what the device gets, silence included.
  Player(const std::string& device, int rate, std::shared_ptr<FarEnd> far_end = nullptr);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  /// Takes as many samples as there is room for (half a second in all) and returns how many. Never waits.
  std::size_t write(std::span<const float> samples);
  /// Silence at once: what was written and not played yet is thrown away. Heard within the device's latency.
  void discard();

  /// Samples that the device has taken since the player was opened; those that were discarded do not count.
  std::int64_t played() const;
  /// Nothing is waiting to be played.
  bool idle() const;
  double latency_ms() const;  ///< from the ring to the loudspeaker
  /// False once the device is gone.
  bool alive() const;
  const std::string& device() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace catena::audio
