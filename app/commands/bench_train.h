// The bench of a training step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace catena::app {

struct TrainBenchOptions {
  std::filesystem::path folder;  ///< of a model: only its config.json is read; empty: the shipped text model's
  std::int64_t batch = 8, segment = 1024;
  int steps = 5;
  std::string precision = "float32", device = "cpu";
  bool quick = false;  ///< at most 2 streams of 512 tokens, one step
};

/// One object a system, and on a GPU one a kernel and length.
void bench_train(const TrainBenchOptions& options, const std::function<void(const nlohmann::json&)>& show);

}  // namespace catena::app
