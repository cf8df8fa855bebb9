// Files that commands read as text.
#pragma once

#include <filesystem>
#include <string>

namespace catena::app {

inline constexpr std::uintmax_t largest_text_file = 64U << 20;

/// The whole file. Throws std::runtime_error with one line when it is missing, unreadable, larger than
/// largest_text_file, or binary (holds a NUL byte). Invalid UTF-8 is let through: the tokenizer reads any bytes.
std::string read_text_file(const std::filesystem::path& file);

}  // namespace catena::app
