// The window program: `catena` without a subcommand.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace catena::app {

struct GuiOptions {
  std::filesystem::path model;              ///< empty: the one chosen last, else the shipped one
  std::vector<std::string> files;           ///< to open
  std::function<std::int64_t()> gpu_bytes;  ///< as SessionOptions::gpu_bytes
};

/// Opens the window and runs until it is closed. Returns the exit code. Throws std::runtime_error with one line when
/// there is no display.
int run_gui(int& argc, char** argv, const GuiOptions& options);

/// Makes the window what `program` does when no subcommand is given, and adds its options.
void add_window(CLI::App& program, int& exit_code, int& argc, char** argv,
                const std::function<std::int64_t()>& gpu_bytes = {});

}  // namespace catena::app
