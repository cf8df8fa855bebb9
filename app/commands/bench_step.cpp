#include <algorithm>
#include <chrono>
#include <cstring>

#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "model/runtime/memory.h"

namespace catena::app {
namespace {

using namespace catena::model;
using Clock = std::chrono::steady_clock;

double seconds(const auto& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Bytes a second at which one thread reads a buffer of `bytes` again and again: where the weights lie (a cache or memory) is
/// where the buffer lies too.
double read_bandwidth(std::size_t bytes) {
  CountedVector<std::uint64_t> buffer(std::max<std::size_t>(bytes / 8, 1024) / 16 * 16, 1);
  std::vector<double> rates;
  for (int run = 0; run < 9; ++run) {
    constexpr int passes = 4;
    std::uint64_t sums[16] = {};
    const double time = seconds([&] {
      for (int pass = 0; pass < passes; ++pass) {
        for (std::size_t i = 0; i < buffer.size(); i += 16) {
          for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += buffer[i + lane];
        }
      }
    });
    volatile std::uint64_t kept = sums[0] + sums[15];
    (void)kept;
    rates.push_back(passes * static_cast<double>(buffer.size()) * 8 / time);
  }
  return percentile(rates, 0.5);
}

}  // namespace

nlohmann::json bench_step(const BenchOptions& options) {
  const auto weights = bench_weights(options);
  const ModelConfig config = weights->config();
  const StreamSettings settings = options.model.settings(config);
  const std::size_t steps = options.quick ? 2000 : 10000;
  const std::vector<Token> tokens = bench_tokens(options, config.vocab, steps);
  const auto executor = make_executor(weights, options.model.executor());
  ChainState state = executor->initial_state(settings.chunk_length);
  std::vector<float> logits(static_cast<std::size_t>(config.vocab));
  const auto step = [&](Token token) {
    executor->read(state, std::span(&token, 1), settings);
    executor->logits(state, logits);
  };
  for (std::size_t i = 0; i < 200; ++i) step(tokens[i]);

  // What a step must move: every weight once (the embedding serves as the output matrix), the chain state read and written.
  const std::size_t bytes_a_number = options.model.executor().precision == Precision::bfloat16 ? 2 : 4;
  const std::size_t weight_bytes = static_cast<std::size_t>(config.parameters()) * bytes_a_number;
  const std::size_t step_bytes = weight_bytes + 2 * state.bytes();
  std::vector<double> step_s, prefill_s;
  const double before = read_bandwidth(step_bytes);
  for (const Token token : tokens) {
    if (interrupted()) break;
    step_s.push_back(seconds([&] { step(token); }));
  }
  const double after = read_bandwidth(step_bytes);
  const double bandwidth = std::max(before, after);
  for (std::size_t i = 0; i + 1024 <= tokens.size() && !interrupted(); i += 1024) {
    prefill_s.push_back(seconds([&] { executor->read(state, std::span(tokens).subspan(i, 1024), settings); }));
  }
  const double median = percentile(step_s, 0.5), floor = static_cast<double>(step_bytes) / bandwidth;
  const double prefill = percentile(prefill_s, 0.5);
  const double operations = 2.0 * static_cast<double>(config.parameters() - std::int64_t{config.vocab} * config.width);
  return {{"bench", "step"},
          {"model", config.name},
          {"precision", options.model.precision},
          {"threads", options.model.threads},
          {"parameters", config.parameters()},
          {"step_bytes", step_bytes},
          {"bandwidth_bytes_per_s", bandwidth},
          {"floor_ms", floor * 1e3},
          {"step_p50_ms", median * 1e3},
          {"step_p95_ms", percentile(step_s, 0.95) * 1e3},
          {"step_over_floor", median / floor},
          {"tokens_per_s", 1 / median},
          {"prefill_tokens_per_s", 1024 / prefill},
          {"prefill_product_flops_per_s", operations * 1024 / prefill}};
}

}  // namespace catena::app
