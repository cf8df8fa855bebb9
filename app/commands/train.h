// catena train CONFIG.json
#pragma once

#include <CLI/CLI.hpp>

namespace catena::app {

/// Prepares tokenizer and token files where they are missing, then trains, resuming from the last checkpoint. Ctrl-C
/// saves a checkpoint first. `exit_code` is set when it was run; bad input throws std::runtime_error.
void add_train_command(CLI::App& program, int& exit_code);

}  // namespace catena::app
