// What `catena train CONFIG.json` is asked to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/tracker/optimiser_kind.h"

namespace catena::model {

/// One corpus: raw documents and the packed tokens made of them.
struct TrainSource {
  std::filesystem::path text;    ///< documents; may be empty when `tokens` exists already
  std::filesystem::path tokens;  ///< packed token file
  double spoken_every = 0;          ///< packing `text`: an example of what was said every so many tokens; 0: none
  double fill_in_middle_every = 0;  ///< packing `text`: an example of filling in every so many tokens; 0: none
  double weight = 1;             ///< share of the training tokens, relative to the other sources
};

/// How the tokenizer is made when its file does not exist yet.
struct TokenizerPlan {
  std::filesystem::path path;
  std::vector<std::pair<std::filesystem::path, double>> samples;  ///< text file, share of the sampled lines
};

/// What the products of a training are computed in; the weights, their updates and the chain state are 32-bit always.
enum class TrainPrecision { float32, bfloat16, float16 };
/// The precision of that name. Throws std::invalid_argument with one line naming the choices.
TrainPrecision train_precision_named(const std::string& name);

/// Gradients in half precision start with this factor: most of what would vanish is kept, and a first overflow costs a
/// step.
inline constexpr double kHalfLossScale = 65536;

struct TrainConfig {
  ModelConfig model;
  TokenizerPlan tokenizer;
  std::vector<TrainSource> train, heldout;
  std::filesystem::path initial_weights;  ///< safetensors of the same shapes to go on from; empty: random
  std::filesystem::path output;  ///< model folder; checkpoints go to output/checkpoint

  std::uint64_t seed = 1;
  int batch = 4;       ///< streams read side by side
  int segment = 1024;  ///< tokens a stream reads a step; a multiple of the longest chunk
  std::vector<int> chunk_lengths = {16, 32, 64, 128, 256};  ///< one is drawn at random each step
  double run_tokens = 16384;  ///< mean number of tokens a stream reads in one place before it starts elsewhere, cleared
  std::int64_t steps = 1000;
  double learning_rate = 1e-3;
  double learning_rate_scale = 1;    ///< times learning_rate, at every step
  double final_learning_rate = 0.1;  ///< share of learning_rate at the end of the cosine
  std::int64_t warmup_steps = 100;
  OptimiserKind optimiser = OptimiserKind::adamw;
  bool shard_optimiser =
      false;  ///< several processes: each keeps the optimiser's state of its share of the weights only
  double weight_decay = 0.1;
  double clip = 1.0;
  Device device = Device::cpu;
  TrainPrecision precision = TrainPrecision::float32;  ///< load() takes fast_precision() where the file names none
  double loss_scale = 0;  ///< of the first step; 0: none. load() takes kHalfLossScale for float16
  Precision save_precision = Precision::bfloat16;  ///< of the finished model's weights
  int backpropagate_segments = 1;  ///< read in one step, with gradients flowing back through the chain over all of them
  bool truncate_at_chunks = false;  ///< gradients do not flow back through the chain over a chunk boundary
  double auxiliary_loss = 0;        ///< weight of next_chunk_loss() in the loss that is differentiated
  bool recompute = false;  ///< keep less for the way back and compute it again: less memory, more time
  int threads = 0;  ///< 0: all cores
  std::int64_t evaluate_every = 500;
  std::int64_t evaluate_tokens = 65536;  ///< of each held-out file
  double checkpoint_every_s = 120;

  /// Relative paths are taken from the folder of the file. Throws std::runtime_error with one line naming the key.
  static TrainConfig load(const std::filesystem::path& file);
};

/// The precision in which this machine multiplies fastest on the device. Without bfloat16 instructions a CPU is tens of
/// times slower in bfloat16 than in float32.
TrainPrecision fast_precision(Device device);

}  // namespace catena::model
