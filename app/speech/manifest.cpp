#include "app/speech/manifest.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace catena::app {
namespace {

std::vector<std::string> columns(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> result(1);
  for (const char c : line) {
    if (c == '\t') {
      result.emplace_back();
    } else {
      result.back().push_back(c);
    }
  }
  return result;
}

}  // namespace

std::vector<Recording> read_manifest(const std::filesystem::path& manifest, const std::filesystem::path& folder) {
  std::ifstream stream(manifest);
  std::string line;
  if (!stream || !std::getline(stream, line))
    throw std::runtime_error(manifest.string() + ": cannot be read, or is empty");
  const std::vector<std::string> heading = columns(line);
  const auto place = [&](const char* name) {
    return static_cast<std::size_t>(std::find(heading.begin(), heading.end(), name) - heading.begin());
  };
  const std::size_t file = place("file"), text = place("transcript"), speaker = place("speaker"),
                    corpus = place("corpus");
  if (file == heading.size() || text == heading.size()) {
    throw std::runtime_error(manifest.string() +
                             ": its first line must name the columns file and transcript, with tabs between them");
  }
  const std::filesystem::path base = folder.empty() ? manifest.parent_path() : folder;
  std::vector<Recording> recordings;
  for (int number = 2; std::getline(stream, line); ++number) {
    if (line.empty()) continue;
    const std::vector<std::string> cells = columns(line);
    if (cells.size() < heading.size()) {
      throw std::runtime_error(manifest.string() + ":" + std::to_string(number) + ": has " +
                               std::to_string(cells.size()) + " columns, expected " + std::to_string(heading.size()));
    }
    const auto cell = [&](std::size_t at) { return at < cells.size() ? cells[at] : std::string(); };
    recordings.push_back({base / cells[file], cell(speaker), cell(corpus), cells[text]});
  }
  if (recordings.empty()) throw std::runtime_error(manifest.string() + ": lists no recordings");
  return recordings;
}

}  // namespace catena::app
