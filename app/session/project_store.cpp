#include "app/session/project_store.h"

#include <xxhash.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace catena::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* suffix = ".project";

}  // namespace

fs::path ProjectStore::file_of(const std::string& project_folder, const model::TextModel& model) const {
  std::ostringstream name;
  name << std::hex << XXH3_64bits(project_folder.data(), project_folder.size()) << '-' << model.id() << suffix;
  return folder_ / name.str();
}

std::vector<ProjectStore::Entry> ProjectStore::list(const std::function<void(const std::string& line)>& damaged) const {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // another window may forget a project meanwhile
    if (it->path().extension() != suffix) continue;
    const fs::file_time_type read_at = it->last_write_time(gone);
    if (gone) continue;
    try {
      entries.push_back({it->path(), read_at, model::ProjectMemory::peek(it->path())});
    } catch (const std::runtime_error& problem) {
      damaged(problem.what());
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.about.folder < b.about.folder; });
  return entries;
}

void ProjectStore::save(const model::ProjectMemory& memory, const model::TextModel& model) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw std::runtime_error("cannot create " + folder_.string() + ": " + error.message());
  memory.save(file_of(memory.folder, model), model);
}

void ProjectStore::remove(const std::string& project_folder) const {
  for (const Entry& entry : list([](const std::string&) {})) {
    std::error_code error;
    if (entry.about.folder == project_folder) fs::remove(entry.file, error);
    if (error) throw std::runtime_error(entry.file.string() + " cannot be removed: " + error.message());
  }
}

}  // namespace catena::app
