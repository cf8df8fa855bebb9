// The model file of a lab model: any system in blocks, between an embedding and a head.
#pragma once

#include <filesystem>
#include <string>

#include "model/attention/system_config.h"

namespace catena::model::lab {

struct LabConfig {
  std::string name;
  std::int64_t vocab = 0;
  std::int64_t layers = 2;
  std::int64_t ffn = 0;  ///< hidden width of SwiGLU
  SystemConfig mixer;

  /// Whether a model file is one of the lab's: it names a "system". False where there is no such file.
  static bool is_in(const std::filesystem::path& json_file);
  /// Throws std::runtime_error with one line (file, key, what is expected).
  static LabConfig load(const std::filesystem::path& json_file);
  void save(const std::filesystem::path& json_file) const;
};

}  // namespace catena::model::lab
