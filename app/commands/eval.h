// catena eval text FILES; catena eval speech MANIFEST
#pragma once

#include <CLI/CLI.hpp>

namespace catena::app {

/// Adds the subcommand; `exit_code` is set when it was run. Bad input throws std::runtime_error.
void add_eval_command(CLI::App& program, int& exit_code);
/// The part that needs sound libraries; `eval` is the command that it is a part of.
void add_eval_speech_command(CLI::App& eval, int& exit_code);

}  // namespace catena::app
