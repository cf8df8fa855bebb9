// catena train CONFIG.json
#pragma once

#include <filesystem>

namespace catena::app {

/// Prepares tokenizer and token files where they are missing, then trains, resuming from the last checkpoint.
/// Ctrl-C saves a checkpoint first. Returns the process's exit code; throws std::runtime_error for bad input.
int train_command(const std::filesystem::path& config_file);

}  // namespace catena::app
