// What `catena train CONFIG.json` is asked to do when the model reads sound.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/config.h"

namespace catena::model {

struct SpeechSource {
  std::filesystem::path utterances;  ///< as catena_frames writes them
  double weight = 1;                 ///< how often one of its utterances is drawn, relative to those of other sources
};

struct SpeechConfig {
  ModelConfig model;
  std::vector<SpeechSource> train, heldout;
  std::filesystem::path
      lexicon;  ///< to learn phones, with a model of kPhoneSymbols; empty: letters, with one of kSymbols
  std::filesystem::path initial_weights;  ///< safetensors of the same shapes to go on from; empty: random
  std::filesystem::path output;           ///< model folder; checkpoints go to output/checkpoint

  std::uint64_t seed = 1;
  int batch = 8;        ///< stretches of speech a step
  double seconds = 16;  ///< of each
  std::vector<int> chunk_ms = {160, 320, 640, 1280};  ///< one is drawn at random each step
  bool augment = true;
  double dropout = 0.1;
  double intermediate_loss = 0.3;  ///< share of the loss that is taken in the middle of the depth (Lee, Watanabe 2021)
  std::int64_t steps = 1000;
  double learning_rate = 2e-3;
  double final_learning_rate = 0.02;  ///< share of learning_rate at the end of the cosine
  std::int64_t warmup_steps = 200;
  double weight_decay = 0.1;
  double clip = 1.0;
  double averaging = 0.998;  ///< the model that is kept is a running mean of the weights with this decay a step
  Device device = Device::cpu;
  int threads = 0;  ///< 0: all cores
  std::int64_t evaluate_every = 500;
  int evaluate_chunk_ms = 640;
  std::int64_t evaluate_utterances = 200;  ///< of each held-out file, evenly apart
  double checkpoint_every_s = 120;

  /// Relative paths are taken from the folder of the file. Throws std::runtime_error with one line naming the key.
  static SpeechConfig load(const std::filesystem::path& file);
  /// Whether the plan is one for a model that reads sound. Throws as load().
  static bool is_for_speech(const std::filesystem::path& file);
};

}  // namespace catena::model
