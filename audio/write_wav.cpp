#include "audio/write_wav.h"

#include <sndfile.h>

#include <stdexcept>
#include <system_error>

namespace catena::audio {

void write_wav(const std::filesystem::path& file, std::span<const float> samples, int rate) {
  std::error_code ignored;
  // A device or pipe is written to, not replaced.
  const bool special = std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored) &&
                       !std::filesystem::is_directory(file, ignored);
  const std::filesystem::path part = special ? file : std::filesystem::path(file.string() + ".part");
  const auto failed = [&](const std::string& why) {
    if (!special) std::filesystem::remove(part, ignored);
    return std::runtime_error(file.string() + ": cannot be written (" + why + "); choose another place or make room");
  };
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* out = sf_open(part.c_str(), SFM_WRITE, &info);
  if (out == nullptr) {
    throw failed(sf_strerror(nullptr));
  }
  sf_command(out, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  const auto count = static_cast<sf_count_t>(samples.size());
  const bool whole = sf_write_float(out, samples.data(), count) == count;
  const std::string why = whole ? "" : sf_strerror(out);
  if (sf_close(out) != 0 || !whole) {
    throw failed(why);
  }
  std::error_code error;
  if (!special) std::filesystem::rename(part, file, error);
  if (error) {
    throw failed(error.message());
  }
}

}  // namespace catena::audio
