// Any rate to the rate of the features: 16 kHz.
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace catena::audio {

/// The rate of everything behind the resampler, in Hz.
inline constexpr int kRate = 16000;

/// Streaming mono resampler (soxr). Not thread-safe.
class Resampler {
 public:
  enum class Kind {
    faithful,  ///< holds back up to 40 ms (of 8 kHz: 120 ms)
    prompt     ///< a narrower band, but holds back only 10 ms (of 8 kHz: 30 ms)
  };
  /// Throws std::invalid_argument for a rate outside 4 to 384 kHz.
  explicit Resampler(int input_rate, Kind kind = Kind::faithful);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  int input_rate() const;
  /// Appends the samples at 16 kHz that `samples` complete to `out`. Equal rates pass through unchanged.
  void feed(std::span<const float> samples, std::vector<float>& out);
  /// Appends what is still inside. After that the next feed() starts a new stream.
  void flush(std::vector<float>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace catena::audio
