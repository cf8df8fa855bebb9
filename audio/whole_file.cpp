#include "audio/whole_file.h"

#include <array>

#include "audio/file_source.h"
#include "audio/resampler.h"

namespace catena::audio {

WholeFile read_whole_file(const std::filesystem::path& file) {
  FileSource source(file, /*real_time=*/false);
  Resampler resampler(source.rate());
  WholeFile result;
  std::array<float, 4096> block{};
  while (!source.ended()) resampler.feed(std::span<const float>(block).first(source.read(block).count), result.samples);
  resampler.flush(result.samples);
  for (const SourceEvent& event : source.take_events()) {
    if (event.kind == SourceEventKind::truncated) result.warning = event.text;
  }
  return result;
}

}  // namespace catena::audio
