// Log-mel features: what the ear-like display and the speech reader see of the sound.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

namespace catena::audio {

inline constexpr int kMelBands = 80;
inline constexpr int kFrameLength = 400;  ///< samples at 16 kHz: 25 ms
inline constexpr int kFrameHop = 160;     ///< 10 ms
inline constexpr int kFftLength = 512;
inline constexpr float kMelFloor = 1e-10F;

using MelFrame = std::array<float, kMelBands>;

/// Streaming log-mel filter bank over 16 kHz mono samples in -1..1.
///
/// Frame n covers samples 160 n to 160 n + 399:
///   x    = samples times a periodic Hann window (0.5 - 0.5 cos(2 pi i / 400)), zero-padded to 512
///   P[f] = |DFT(x)[f]|^2, f = 0..256 (31.25 Hz apart)
///   M[b] = sum over f of W[b][f] P[f]; W are triangles with edges evenly spaced on Slaney's mel scale from 0 to 8000
///   Hz
///          (linear below 1 kHz at 200/3 Hz a mel, logarithmic above: 27 mel for a factor of 6.4), each of unit area
///          (height 2 / width in Hz)
///   out  = ln(max(M[b], 1e-10))
///
/// Any split of the input gives the same frames bit for bit. After the first feed() of a given size nothing is
/// allocated, apart from the growth of `out`. Not thread-safe.
class LogMel {
 public:
  LogMel();
  ~LogMel();
  LogMel(LogMel&&) noexcept;
  LogMel& operator=(LogMel&&) noexcept;

  /// Appends the frames that these samples complete to `out` and returns how many that were.
  int feed(std::span<const float> samples, std::vector<MelFrame>& out);
  /// Forgets the running frame.
  void reset();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace catena::audio
