// Which files of a project are worth reading: text that people wrote, as the project's own .gitignore files see it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace catena::app {

struct SourceFile {
  std::string name;  ///< path below the folder, with '/'
  std::uintmax_t bytes = 0;
};

/// The files below a folder in the order in which they are read: by path, a folder's own files before its subfolders'.
/// Left out: what .gitignore excludes, hidden files and folders, links, files over `largest_source` and those of no
/// known kind of text. Throws std::runtime_error with one line when the folder cannot be read. When `stop` is
/// requested, what was found so far is returned soon.
std::vector<SourceFile> source_files(const std::filesystem::path& folder, const std::stop_token& stop = {});

/// Larger ones are data or generated.
inline constexpr std::uintmax_t largest_source = 256 * 1024;

/// The text of a file, or nothing when it is binary, cannot be read any more, or is minified (mean line over 200
/// bytes).
std::string source_text(const std::filesystem::path& file);

}  // namespace catena::app
