// Reads a project's files once through one stream, a slice at a time, and gives what is remembered of them.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <vector>

#include "app/project/source_tree.h"
#include "model/text/memory_builder.h"
#include "model/text/project_memory.h"

namespace catena::app {

class ProjectReader {
 public:
  struct Progress {
    std::size_t files = 0, files_total = 0;    ///< done, in all
    std::uintmax_t bytes = 0, bytes_total = 0;
    std::string file;  ///< the one being read
  };

  /// Throws as source_files(), and std::runtime_error when there is nothing to read. `skip`: names (paths below the
  /// folder) to leave out.
  ProjectReader(const std::filesystem::path& folder, std::shared_ptr<const model::TextModel> model,
                std::shared_ptr<model::Executor> executor, const model::StreamSettings& settings,
                const std::vector<std::string>& skip = {});

  /// As above, of files that source_files(folder) found.
  ProjectReader(const std::filesystem::path& folder, std::vector<SourceFile> files,
                std::shared_ptr<const model::TextModel> model, std::shared_ptr<model::Executor> executor,
                const model::StreamSettings& settings);

  /// Goes on with another executor of the same weights.
  void move_to(std::shared_ptr<model::Executor> executor) { memory_.move_to(std::move(executor)); }

  /// Reads at least one piece, and on until the deadline. Returns whether everything was read.
  bool read(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop = {});
  const Progress& progress() const { return progress_; }

  /// After everything was read.
  model::ProjectMemory result();

 private:
  bool next_file();

  std::filesystem::path folder_;
  model::MemoryBuilder memory_;
  std::vector<SourceFile> files_;
  Progress progress_;
  std::size_t next_ = 0;    // file to open
  std::string text_;        // of the open file
  std::size_t fed_ = 0;     // of it
  std::int64_t read_files_ = 0, read_bytes_ = 0;
};

}  // namespace catena::app
