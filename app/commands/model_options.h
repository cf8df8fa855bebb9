// The options that every command with a model shares.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "model/executor.h"

namespace catena::app {

struct ModelOptions {
  std::filesystem::path folder;  ///< empty: the shipped model
  std::string device = "cpu";
  std::string
      precision;  ///< empty: int8 on the CPU, where a token costs what its weights' bytes cost, bfloat16 on a GPU
  int threads = 1;
  int chunk_length = 0;  ///< 0: the model's default
  std::string policy = "fixed";
  bool no_carry = false;

  void add_to(CLI::App& command);
  model::ExecutorOptions executor() const;
  model::StreamSettings settings(const model::ModelConfig& config) const;
};

}  // namespace catena::app
