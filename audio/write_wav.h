// Samples to a sound file.
#pragma once

#include <filesystem>
#include <span>

namespace catena::audio {

/// 16-bit mono WAV, atomically: a file that was there before stays when this fails. Throws std::runtime_error with one
/// line.
void write_wav(const std::filesystem::path& file, std::span<const float> samples, int rate);

}  // namespace catena::audio
