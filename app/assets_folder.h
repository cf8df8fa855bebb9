// Where the files that come with the program are: in the source tree, beside a build, or installed.
#pragma once

#include <filesystem>

namespace catena::app {

inline constexpr const char* default_model = "catena-text-9";
inline constexpr const char* default_speech_model = "catena-speech-3";

/// The assets folder. Throws std::runtime_error with one line naming the places that were looked at.
std::filesystem::path assets_folder();

/// `chosen` if not empty, else the shipped model's folder (which may be missing or broken: loading says so).
std::filesystem::path model_folder(const std::filesystem::path& chosen = {});
/// Likewise for the reader of speech.
std::filesystem::path speech_model_folder(const std::filesystem::path& chosen = {});

}  // namespace catena::app
