// What is remembered of projects, kept on disk: one file a project folder and model.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "model/text/project_memory.h"

namespace catena::app {

/// Const and without state: threads may use it at the same time.
class ProjectStore {
 public:
  struct Entry {
    std::filesystem::path file;
    std::filesystem::file_time_type read_at;
    model::ProjectMemory::About about;
  };

  /// Created when the first project is saved. Empty: nothing is kept, and list() is empty.
  explicit ProjectStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  bool keeps() const { return !folder_.empty(); }

  /// All files, by project folder. `damaged` is told one line for each file that says nothing of itself.
  std::vector<Entry> list(const std::function<void(const std::string& line)>& damaged) const;
  /// Atomic. Throws std::runtime_error with one line; the old file is then still there.
  void save(const model::ProjectMemory& memory, const model::TextModel& model) const;
  /// The files of all models that read this folder. Throws std::runtime_error with one line when one cannot be removed.
  void remove(const std::string& project_folder) const;

  std::filesystem::path file_of(const std::string& project_folder, const model::TextModel& model) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace catena::app
