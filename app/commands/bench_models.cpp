#include <chrono>
#include <cstdio>

#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "model/runtime/memory.h"
#include "model/runtime/transformer.h"
#include "model/tracker/torch_executor.h"
#include "model/train/comparison.h"
#include "model/train/training_bench.h"

namespace catena::app {
namespace {

using namespace catena::model;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t recall_distances[] = {64, 256, 1024, 4096, 16384, 65536};
constexpr int recall_pairs = 24;
constexpr std::int64_t gradient_chunk = 32, gradient_chunks = 16;
constexpr int decoded_tokens = 256;

json positions(const Evaluation& evaluation) {
  json list = json::array();
  for (const PositionBucket& bucket : evaluation.buckets) {
    if (bucket.bytes > 0)
      list.push_back(
          {{"first_token", bucket.first}, {"last_token", bucket.last}, {"bits_per_byte", bucket.bits_per_byte()}});
  }
  return list;
}

double median_ms(int count, const auto& work) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto start = Clock::now();
    work(i);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return percentile(times, 0.5);
}

/// Bytes of state and time a token behind so many tokens, read and guessed on one thread. Kinds without a streaming
/// form: null.
void decode(const std::filesystem::path& folder, std::span<const Token> tokens, json& result) {
  const auto weights = Weights::load(folder);
  const ModelConfig& config = weights->config();
  std::vector<float> logits(static_cast<std::size_t>(config.vocab));
  const auto next = [&](int i) { return tokens[static_cast<std::size_t>(i) % tokens.size()]; };
  if (config.carry == Carry::attention) {
    Transformer transformer(weights, Precision::float32, static_cast<int>(tokens.size()) + decoded_tokens);
    for (const Token token : tokens) transformer.read(token);
    result["decode_ms"] = median_ms(decoded_tokens, [&](int i) {
      transformer.read(next(i));
      transformer.logits(logits);
    });
    result["state_bytes"] = transformer.cache_bytes();
  } else if (config.summary_levels == 0) {
    const auto executor = make_executor(weights, {});
    ChainState state = executor->initial_state(config.chunk_length);
    executor->read(state, tokens, {.chunk_length = config.chunk_length});
    result["decode_ms"] = median_ms(decoded_tokens, [&](int i) {
      const Token token = next(i);
      executor->read(state, {&token, 1}, {.chunk_length = config.chunk_length});
      executor->logits(state, logits);
    });
    result["state_bytes"] = state.bytes();
  } else {
    result["decode_ms"] = nullptr;
    result["state_bytes"] = nullptr;
  }
}

json bench_model(const std::filesystem::path& folder, const ModelsBenchOptions& options) {
  const LoadedModel model(folder);
  const ModelConfig& config = model.config();
  const TokenFile file(options.tokens, config.vocab);
  file.check_tokens();
  json result = {{"bench", "models"},
                 {"model", config.name},
                 {"carry", to_string(config.carry)},
                 {"parameters", config.parameters()}};
  result["by_position"] = positions(score_by_position(model, file, options.streams, options.length));
  if (interrupted()) return result;

  std::vector<std::int64_t> distances;
  for (const std::int64_t distance : recall_distances) {
    if (distance <= options.longest_recall) distances.push_back(distance);
  }
  json recall = json::array();
  for (const RecallPoint& point : recall_by_distance(model, file, distances, recall_pairs, 1)) {
    recall.push_back({{"distance_tokens", point.distance},
                      {"unseen_nats", point.unseen_nll},
                      {"recalled_nats", point.recalled_nll},
                      {"recalled_percent", 100 * point.recalled}});
  }
  result["recall"] = recall;
  if (interrupted()) return result;

  result["gradient_by_chunk_distance"] = gradient_by_distance(model, file, gradient_chunk, gradient_chunks, 16);
  const BenchOptions input{.model = {}, .tokens = options.tokens};
  decode(folder, bench_tokens(input, config.vocab, static_cast<std::size_t>(options.length)), result);
  const TrainingCost cost = training_cost(
      config, {.batch = 4, .segment = 1024, .chunk = config.chunk_length, .steps = options.training_steps});
  result["training_tokens_per_s"] = cost.tokens_per_s;
  result["training_peak_bytes"] = cost.peak_bytes;
  return result;
}

}  // namespace

void bench_models(const ModelsBenchOptions& options, const std::function<void(const json&)>& show) {
  count_torch_memory();
  for (const auto& folder : options.folders) {
    if (interrupted()) return;
    show(bench_model(folder, options));
  }
}

}  // namespace catena::app
