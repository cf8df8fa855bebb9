// The benches, one file each. Every one prints a result that check scripts can read (--json) or a person can.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/commands/model_options.h"
#ifdef CATENA_WITH_GUI
#include "app/commands/speech_options.h"
#endif
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
/// A token step against the time of moving its bytes.
nlohmann::json bench_step(const BenchOptions& options);
/// Reading, against the time that its products take at the rate of one product alone. CPU only.
nlohmann::json bench_prefill(const BenchOptions& options);

struct ModelsBenchOptions {
  std::vector<std::filesystem::path> folders;  ///< config.json and model.safetensors each
  std::filesystem::path tokens;                ///< held-out text
  std::int64_t streams = 8, length = 16384;    ///< read of it
  std::int64_t longest_recall = 16384;
  int training_steps = 5;
};
/// Models of any kind side by side: likelihood by position, recall by distance, reach of gradients, cost. One object a
/// model.
void bench_models(const ModelsBenchOptions& options, const std::function<void(const nlohmann::json&)>& show);

struct BillOptions {
  std::int64_t batch = 16;
  std::vector<std::int64_t> lengths = {512, 1024, 2048};
  int steps = 5;
  int layers = 2;
  std::string precision = "float32";  ///< of the products: float32 or bfloat16
  bool quick = false;  ///< the shortest length, at most 4 streams, one step
};
/// A training step against Transformers': one object a system and length. "memory_reduction" and "speedup" are against
/// attention with full scores; null where that was too large to run.
void bench_bill(const BillOptions& options, const std::function<void(const nlohmann::json&)>& show);

/// Key press to suggestion in the real window, typing into a 1 MiB file; and start to window and first suggestion. Only
/// in builds with the window.
nlohmann::json bench_typing(const BenchOptions& options);

#ifdef CATENA_WITH_GUI
struct SoakOptions {
  SpeechModelOptions model;
  std::filesystem::path file;  ///< sound that is repeated; empty: the bundled one
  double hours = 10;
  bool quick = false;
};
/// Hours of sound as fast as they go. Only in builds with sound.
nlohmann::json bench_soak(const SoakOptions& options);

struct VoiceBenchOptions {
  SpeechModelOptions model;
  int turns = 50;
  bool quick = false;
};
/// A spoken conversation over loudspeakers: latencies, compute, self-interruptions. Only in builds with sound.
nlohmann::json bench_voice(const VoiceBenchOptions& options);
#endif

/// Loads the weights that the options name.
std::shared_ptr<const model::Weights> bench_weights(const BenchOptions& options);
/// `count` tokens: from the token file, from its start again when it is too short, or drawn from a fixed seed.
std::vector<model::Token> bench_tokens(const BenchOptions& options, int vocab, std::size_t count);

/// What computes, in words: the kernels of the CPU runtime, or the other device.
std::string bench_kernels(const BenchOptions& options);

/// The value below which the given share of the samples lies (nearest rank). Reorders the samples.
double percentile(std::vector<double>& samples, double share);

}  // namespace catena::app
