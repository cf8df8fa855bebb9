// The bundled demo session, as assets/demo/script.json writes it.
#pragma once

#include <QString>
#include <filesystem>
#include <optional>
#include <vector>

#include "ui/session.h"

namespace catena::app {

struct DemoStep {
  enum class Kind { open, sound, type, accept, settings, picture };
  Kind kind = Kind::type;
  QString file;       ///< open, sound: absolute path
  QString text;       ///< type
  int within_ms = 0;  ///< accept, picture: how long to wait for a suggestion
  // settings: what changes
  std::optional<int> chunk_length;
  std::optional<ui::ChunkPolicy> policy;
  std::optional<ui::Precision> precision;

  void apply_to(ui::ChunkSettings& settings) const;
};

struct DemoScript {
  int key_ms = 50;  ///< between two keys
  std::vector<DemoStep> steps;

  /// Files are named relative to the script. Throws std::runtime_error with one line.
  static DemoScript load(const std::filesystem::path& file);
};

}  // namespace catena::app
