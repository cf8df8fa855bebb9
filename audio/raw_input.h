// Raw 16 kHz 16-bit little-endian mono samples from a file descriptor (standard input, a pipe) as a source.
#pragma once

#include <vector>

#include "audio/source.h"

namespace catena::audio {

class RawInput : public Source {
 public:
  /// The descriptor stays the caller's.
  explicit RawInput(int descriptor) : descriptor_(descriptor) {}

  /// Waits until something is there. An end in the middle of a sample is told as `truncated`.
  Block read(std::span<float> out) override;
  bool ended() const override { return ended_; }
  void stop() override { ended_ = true; }
  bool real_time() const override { return false; }
  SourceStatus status() const override { return {.device = "standard input"}; }
  std::vector<SourceEvent> take_events() override;

 private:
  int descriptor_;
  bool ended_ = false;
  std::vector<unsigned char> bytes_;  // that have not become samples yet
  std::vector<SourceEvent> events_;
};

}  // namespace catena::audio
