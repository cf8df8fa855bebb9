// What a stream remembers of a whole project: the chain state after reading its files, in a file of constant size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "model/executor.h"
#include "model/text/context_table.h"
#include "model/text/text_model.h"

namespace catena::model {

struct ProjectMemory {
  /// What a file says of itself: small, and read without its state.
  struct About {
    std::string folder;
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    std::string model;           ///< name of the model that read
    std::uint64_t model_id = 0;  ///< TextModel::id()
  };

  std::string folder;      ///< absolute path of what was read
  std::int64_t files = 0;  ///< read
  std::int64_t bytes = 0;  ///< of text
  ChainState state;        ///< at a chunk boundary, behind the last file's end
  std::shared_ptr<const ContextTable> contexts = std::make_shared<ContextTable>();  ///< of all files

  /// Atomic. Throws WriteError.
  void save(const std::filesystem::path& file, const TextModel& model) const;

  /// Throws std::runtime_error with one line when the file is missing, no project memory, or its header is damaged.
  static About peek(const std::filesystem::path& file);

  /// For the model; the state lies in host memory, whatever device reads on from it. Throws std::runtime_error with one
  /// line when the file is missing, no project memory, damaged, or another model's.
  static std::shared_ptr<const ProjectMemory> load(const std::filesystem::path& file, const TextModel& model);
};

}  // namespace catena::model
