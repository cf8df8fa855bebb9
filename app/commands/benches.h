// The benches, one file each. Every one prints a result that check scripts can read (--json) or a person can.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/commands/model_options.h"
#include "model/runtime/weights.h"

namespace catena::app {

struct BenchOptions {
  ModelOptions model;
  std::filesystem::path tokens;  ///< packed token file to read; empty: tokens drawn at random
  bool quick = false;
  bool json = false;
};

/// Flat memory and latency over a long stream, beside a same-size Transformer with KV cache.
nlohmann::json bench_flat(const BenchOptions& options);
/// A token step against the time of moving its bytes, and the speed of reading.
nlohmann::json bench_step(const BenchOptions& options);

/// Key press to suggestion in the real window, typing into a 1 MiB file; and start to window and first suggestion. Only in builds
/// with the window.
nlohmann::json bench_typing(const BenchOptions& options);

/// Loads the weights that the options name.
std::shared_ptr<const model::Weights> bench_weights(const BenchOptions& options);
/// `count` tokens: from the token file, from its start again when it is too short, or drawn from a fixed seed.
std::vector<model::Token> bench_tokens(const BenchOptions& options, int vocab, std::size_t count);

/// The value below which the given share of the samples lies (nearest rank). Reorders the samples.
double percentile(std::vector<double>& samples, double share);

}  // namespace catena::app
