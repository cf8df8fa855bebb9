// catena devices
#pragma once

#include <CLI/CLI.hpp>

namespace catena::app {

/// Adds the subcommand; `exit_code` is set when it was run. Bad input throws std::runtime_error.
void add_devices_command(CLI::App& program, int& exit_code);

}  // namespace catena::app
