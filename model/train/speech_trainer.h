// Training a reader of speech: `catena train` with a model whose input is frames.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "model/speech/error_rate.h"
#include "model/train/speech_config.h"

namespace catena::model {

struct SpeechProgress {
  std::int64_t step = 0, steps = 0;
  double loss = 0;  ///< nats a symbol, mean since the last report
  double learning_rate = 0, gradient_norm = 0;
  double audio_over_time = 0;  ///< seconds of speech a second
  double remaining_s = 0;
};

struct SpeechEvaluation {
  std::string name;
  Errors words, characters;
};

struct SpeechObserver {
  std::function<void(const SpeechProgress&)> progress;  ///< about once a second
  std::function<void(std::int64_t step, const std::vector<SpeechEvaluation>&)> evaluated;
  std::function<void(const std::string&)> note;  ///< one line: resumed, skipped a step
  const std::atomic<bool>* stop = nullptr;       ///< set: save a checkpoint and return
};

/// CTC over letters (Graves et al. 2006). Trains until config.steps, resuming from config.output/checkpoint when there
/// is one, and writes the model folder (config.json, model.safetensors, log.csv, heldout.csv); the weights there are
/// the running mean. Returns false when stopped early. A step whose gradient is not finite is skipped with a note.
/// Throws std::runtime_error with one line.
bool train_speech(const SpeechConfig& config, const SpeechObserver& observer);

}  // namespace catena::model
