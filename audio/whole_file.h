// A sound file as samples at the rate of the features.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace catena::audio {

struct WholeFile {
  std::vector<float> samples;  ///< 16 kHz mono, -1..1
  std::string warning;         ///< one line when the file ends before its header says so
};

/// Throws std::runtime_error with one line, as FileSource.
WholeFile read_whole_file(const std::filesystem::path& file);

}  // namespace catena::audio
