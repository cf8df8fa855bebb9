// The benches of the attention lab.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace catena::app {

struct SystemsOptions {
  std::vector<std::string> systems;  ///< empty: all of the lab's
  std::vector<std::int64_t> lengths = {256, 1024, 4096, 16384, 65536};
  std::int64_t width = 128, heads = 4, chunk = 128;
  int runs = 5;
  std::filesystem::path plot;  ///< PNG, log-log; empty: none
  std::string plot_y = "time_ms";
  bool quick = false;  ///< lengths up to 4096, one run
};
/// Every system of the attention lab, by formula and measured: one object a system and length.
void bench_systems(const SystemsOptions& options, const std::function<void(const nlohmann::json&)>& show);
/// The published figures beside ours, a few lines of text. Runs the systems that they speak of.
std::string published_systems();

struct RecallOptions {
  std::vector<std::string> systems;  ///< empty: all of the lab's
  std::vector<std::string> tasks = {"recall", "copy"};
  std::int64_t width = 64, heads = 2, chunk = 16, pairs = 8, layers = 1, steps = 400;
  std::vector<std::int64_t> trained = {8, 32, 128};
  std::vector<std::int64_t> distances = {8, 32, 128, 512};
  bool quick = false;  ///< few steps: shows that it works, not how well
};
/// Small models of each system, trained to recall and to copy: one object a system, task and distance.
void bench_recall(const RecallOptions& options, const std::function<void(const nlohmann::json&)>& show);

}  // namespace catena::app
