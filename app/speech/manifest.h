// A table of recordings and what is said in them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace catena::app {

struct Recording {
  std::filesystem::path file;
  std::string speaker, corpus, text;
};

/// Tab-separated lines under a heading that names at least the columns file and transcript; speaker and corpus may be
/// there. Relative files are looked for in `folder`, or beside the manifest when it is empty. Throws std::runtime_error
/// with one line (file, line, what).
std::vector<Recording> read_manifest(const std::filesystem::path& manifest, const std::filesystem::path& folder = {});

}  // namespace catena::app
