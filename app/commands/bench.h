// catena bench NAME
#pragma once

#include <CLI/CLI.hpp>

namespace catena::app {

/// Adds the subcommand with its benches; `exit_code` is set when one was run. Bad input throws std::runtime_error.
void add_bench_command(CLI::App& program, int& exit_code);

}  // namespace catena::app
