// The figures of the model's side on their way to the dashboards: written by the model thread, taken by the UI thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

namespace catena::app {

/// How the active stream stands.
struct StreamFigures {
  std::size_t state_bytes = 0;
  std::size_t marks_bytes = 0;
  /// What the keys and values of a Transformer of the same layers and width would hold after the same tokens:
  /// tokens * 2 * layers * width numbers, of 4 bytes each (of 2 when the stream runs in less than float32).
  std::size_t kv_cache_bytes = 0;
  std::int64_t tokens = 0;
  std::int64_t chunks = 0;
  int chunk_length = 0;
  double tokens_per_s = 0;  ///< while reading
};

/// Thread-safe. Memory is bounded: of what nobody takes, the oldest is dropped.
class StreamMeters {
 public:
  static constexpr std::size_t most_samples = 4096;

  void chunk(int tokens, double ms);
  void token(double ms);
  void set(const StreamFigures& figures);

  /// Smoothed over the last chunks; 0 before the first one.
  double tokens_per_s() const;

  struct Taken {
    StreamFigures figures;
    std::vector<double> chunk_ms;
    std::vector<double> token_ms;
  };
  /// The figures as they stand, and the durations since the last call.
  Taken take();

 private:
  static void add(std::vector<double>& samples, double ms);

  mutable std::mutex mutex_;
  Taken now_;
  double tokens_per_s_ = 0;
};

}  // namespace catena::app
