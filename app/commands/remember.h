// catena remember FOLDER: reads a project once and keeps what the model remembers of it.
#pragma once

#include <CLI/CLI.hpp>

namespace catena::app {

void add_remember_command(CLI::App& program, int& exit_code);

}  // namespace catena::app
