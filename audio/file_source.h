// A sound file as a source: WAV, FLAC, Ogg Vorbis, Opus, MP3 and what else libsndfile reads.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "audio/source.h"

namespace catena::audio {

class FileSource : public Source {
 public:
  /// real_time: samples become due at the pace of the clock, from the first read() on; otherwise read() returns what is
  /// asked. Channels are averaged to mono. Throws std::runtime_error with one line when the file is missing, no sound,
  /// empty, or of an unusable rate.
  FileSource(const std::filesystem::path& file, bool real_time);
  ~FileSource() override;

  Block read(std::span<float> out) override;
  bool ended() const override;
  void stop() override;
  bool real_time() const override;
  SourceStatus status() const override;
  std::vector<SourceEvent> take_events() override;

  /// Of the whole file, as its header says.
  double duration_s() const;
  int rate() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace catena::audio
