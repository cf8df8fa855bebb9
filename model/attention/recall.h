// Small models of each system, trained on a memory task and asked at growing distances. No LibTorch in here: the
// command line reads it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "model/attention/system_config.h"

namespace catena::model::lab {

struct RecallPlan {
  SystemConfig mixer;
  bool copy = false;  ///< a sequence in order instead of keys in any order
  std::int64_t pairs = 8;
  std::int64_t layers = 1, ffn = 128;
  std::int64_t batch = 16, steps = 300;
  double learning_rate = 3e-3;
  std::vector<std::int64_t> trained = {8, 32, 128};         ///< distances, one is drawn each step
  std::vector<std::int64_t> distances = {8, 32, 128, 512};  ///< asked at
  std::int64_t asked = 64;                                  ///< sequences a distance
  std::uint64_t seed = 1;
};

struct RecallResult {
  struct Point {
    std::int64_t distance = 0;
    double accuracy = 0;  ///< share of the values that are the likeliest; chance is one in 32
  };
  std::vector<Point> points;
  double loss = 0;  ///< nats a value, mean over the last tenth of the steps
  std::int64_t parameters = 0;
  std::int64_t state_bytes = 0;  ///< by formula, of all layers, at the longest distance; not streaming: keys and values
  bool streams = false;
};

/// Deterministic for a seed. stop: set, the training ends early and what there is gets asked. Throws std::runtime_error
/// as make_system() does.
RecallResult train_to_recall(const RecallPlan& plan, const std::atomic<bool>* stop = nullptr);

}  // namespace catena::model::lab
