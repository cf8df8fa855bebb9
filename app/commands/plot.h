// catena plot LOG.csv...
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>

namespace catena::app {

/// Draws columns of training logs into a PNG. `exit_code` is set when it was run; bad input throws std::runtime_error.
void add_plot_command(CLI::App& program, int& exit_code);

/// Draws the loss of a training, and its evaluations, from `folder`/log.csv and heldout.csv into `folder`/loss.png.
void plot_training(const std::filesystem::path& folder);

}  // namespace catena::app
