// `catena demo`: plays the bundled session through the whole application and ends by itself.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>

namespace catena::app {

struct DemoOptions {
  std::filesystem::path output = "build/demo";  ///< window.png, metrics.csv, completions.jsonl; created if need be
  std::filesystem::path model;                  ///< empty: the shipped one
};

/// The real window and the real session; offscreen where there is no display. Prints completions and figures as they
/// come. Returns 0 only if suggestions, stream figures and sound figures really came and everything was written.
int run_demo(int& argc, char** argv, const DemoOptions& options);

void add_demo_command(CLI::App& program, int& exit_code, int& argc, char** argv);

}  // namespace catena::app
