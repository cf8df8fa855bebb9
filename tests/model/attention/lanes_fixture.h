// Lanes over tiny models, and reading with them.
#pragma once

#include <map>

#include "lab_fixture.h"
#include "model/attention/stream_lanes.h"
#include "model/executor.h"
#include "model/runtime/transformer.h"
#include "tests/model/tiny_model.h"

using namespace catena::test;
using namespace catena::model;
using catena::model::test::random_tensors;
using catena::model::test::random_tokens;
using catena::model::test::random_weights;
using catena::model::test::tiny_config;

inline LaneModel lane_model(std::int64_t most_bytes = std::int64_t{1} << 20) {
  LaneModel model;
  model.weights = random_weights(tiny_config(Carry::delta));
  model.settings.chunk_length = 16;
  model.most_state_bytes = most_bytes;
  return model;
}

inline std::vector<Token> tokens_of(std::size_t count, unsigned seed = 7) {
  return random_tokens(tiny_config(Carry::delta), count, seed);
}

inline constexpr auto forever = std::chrono::hours(1);

inline void read_all(StreamLanes& lanes) {
  while (lanes.step(std::chrono::steady_clock::now() + forever)) {
  }
}

/// One token of one lane.
inline void read_one(StreamLanes& lanes) { lanes.step(std::chrono::steady_clock::now() - forever); }

inline std::map<std::string, LaneFigures> figures(StreamLanes& lanes) {
  std::map<std::string, LaneFigures> by_name;
  for (const LaneFigures& lane : lanes.take().lanes) by_name[lane.system] = lane;
  return by_name;
}

inline std::span<const Token> part(const std::vector<Token>& tokens, std::size_t from, std::size_t to) {
  return std::span(tokens).subspan(from, to - from);
}

/// By formula, after `tokens` tokens.
inline std::int64_t expected_bytes(const std::string& system, std::int64_t tokens, const LaneModel& model) {
  const ModelConfig config = model.weights->config();
  if (system == transformer_lane) return kv_cache_bytes(same_size_transformer(config), tokens);
  if (system == tracker_lane)
    return static_cast<std::int64_t>(
        make_executor(model.weights, {})->initial_state(model.settings.chunk_length).bytes());
  SystemConfig mixer;
  mixer.system = system;
  mixer.width = config.width;
  mixer.heads = config.heads;
  mixer.chunk = model.settings.chunk_length;
  ParameterSet parameters(1);
  return config.layers * make_system(mixer, parameters, "")->state_bytes(tokens);
}
