// Sounds and files for the tests.
#pragma once

#include <sndfile.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numbers>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace catena::audio::test {

inline std::vector<float> sine(double hz, double amplitude, double seconds, int rate = 16000) {
  std::vector<float> samples(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<float>(amplitude * std::sin(2.0 * std::numbers::pi * hz * static_cast<double>(i) / rate));
  }
  return samples;
}

inline std::vector<float> noise(double amplitude, double seconds, int rate = 16000, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> samples(static_cast<std::size_t>(seconds * rate));
  for (float& sample : samples) {
    sample = static_cast<float>(amplitude * (2.0 * static_cast<double>(random()) / 4294967295.0 - 1.0));
  }
  return samples;
}

/// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "catena-audio-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline void write_sound(const std::filesystem::path& file, const std::vector<float>& interleaved, int rate,
                        int channels = 1, int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = channels;
  info.format = format;
  SNDFILE* out = sf_open(file.c_str(), SFM_WRITE, &info);
  if (out == nullptr) {
    throw std::runtime_error(sf_strerror(nullptr));
  }
  sf_writef_float(out, interleaved.data(), static_cast<sf_count_t>(interleaved.size()) / channels);
  sf_close(out);
}

/// A whole mono file.
inline std::vector<float> read_sound(const std::filesystem::path& file) {
  SF_INFO info{};
  SNDFILE* in = sf_open(file.c_str(), SFM_READ, &info);
  if (in == nullptr || info.channels != 1) {
    throw std::runtime_error(file.string() + " is no mono sound");
  }
  std::vector<float> samples(static_cast<std::size_t>(info.frames));
  sf_readf_float(in, samples.data(), info.frames);
  sf_close(in);
  return samples;
}

}  // namespace catena::audio::test
