#include <chrono>
#include <optional>

#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "model/runtime/memory.h"
#include "model/runtime/transformer.h"

namespace catena::app {
namespace {

using namespace catena::model;
using Clock = std::chrono::steady_clock;

constexpr double kTransformerSeconds = 30, kTransformerSecondsQuick = 8;  // as long as it is bearable

/// p95 of the last tenth over that of the first tenth.
double last_over_first(const std::vector<double>& times) {
  const auto tenth = static_cast<std::ptrdiff_t>(times.size() / 10);
  std::vector<double> first(times.begin(), times.begin() + tenth), last(times.end() - tenth, times.end());
  const double before = percentile(first, 0.95);
  return before == 0 ? 0 : percentile(last, 0.95) / before;
}

double timed_ms(const auto& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

nlohmann::json run_transformer(const BenchOptions& options, const ModelConfig& tracker,
                               const std::vector<Token>& tokens) {
  const ModelConfig config = same_size_transformer(tracker);
  Transformer transformer(filler_weights(config), options.model.executor().precision, static_cast<int>(tokens.size()));
  std::vector<float> logits(static_cast<std::size_t>(config.vocab));
  std::vector<double> times;
  const auto start = Clock::now();
  const double budget = options.quick ? kTransformerSecondsQuick : kTransformerSeconds;
  for (const Token token : tokens) {
    if (interrupted() || std::chrono::duration<double>(Clock::now() - start).count() > budget) break;
    times.push_back(timed_ms([&] {
      transformer.read(token);
      transformer.logits(logits);
    }));
  }
  return {{"parameters", config.parameters()},
          {"tokens", transformer.tokens()},
          {"seconds", std::chrono::duration<double>(Clock::now() - start).count()},
          {"kv_cache_bytes", transformer.cache_bytes()},
          {"kv_cache_bytes_at_100k", kv_cache_bytes(config, 100000)},
          {"p95_last_over_first", last_over_first(times)}};
}

}  // namespace

nlohmann::json bench_flat(const BenchOptions& options) {
  const auto weights = bench_weights(options);
  const ModelConfig config = weights->config();
  const StreamSettings settings = options.model.settings(config);
  const std::size_t count = options.quick ? 20000 : 100000, warm = count / 10;
  const std::vector<Token> tokens = bench_tokens(options, config.vocab, count);
  const auto executor = make_executor(weights, options.model.executor());
  ChainState state = executor->initial_state(settings.chunk_length);
  std::vector<float> logits(static_cast<std::size_t>(config.vocab));
  std::vector<double> times(count);

  nlohmann::json result = {{"bench", "flat"},
                           {"model", config.name},
                           {"kernels", bench_kernels(options)},
                           {"tokens", count},
                           {"input", options.tokens.empty() ? "random tokens" : options.tokens.string()}};
  std::size_t resident_warm = 0;
  std::uint64_t numeric = 0, heap = 0;
  for (std::size_t i = 0; i < count && !interrupted(); ++i) {
    if (i == warm) {
      resident_warm = resident_bytes();
      numeric = memory_counters().allocations;
      heap = thread_heap_allocations();
    }
    times[i] = timed_ms([&] {
      executor->read(state, std::span(&tokens[i], 1), settings);
      executor->logits(state, logits);
    });
    if (i + 1 == 1000) result["state_bytes_1k"] = state.bytes();
    if (i + 1 == 10000) result["state_bytes_10k"] = state.bytes();
  }
  const std::uint64_t numeric_after = memory_counters().allocations, heap_after = thread_heap_allocations();
  const auto steps = static_cast<double>(count - warm);
  result["state_bytes_100k"] = state.bytes();  // at the end of the stream; "tokens" says how long that was
  result["rss_growth_bytes"] = static_cast<std::int64_t>(resident_bytes()) - static_cast<std::int64_t>(resident_warm);
  result["allocations_per_step"] = static_cast<double>(numeric_after - numeric) / steps;
  if (heap_is_counted()) result["heap_allocations_per_step"] = static_cast<double>(heap_after - heap) / steps;
  result["p95_last_over_first"] = last_over_first(times);
  std::vector<double> sorted = times;
  result["token_p50_ms"] = percentile(sorted, 0.5);
  result["token_p95_ms"] = percentile(sorted, 0.95);
  result["token_p99_ms"] = percentile(sorted, 0.99);
  result["transformer"] = run_transformer(options, config, tokens);
  return result;
}

}  // namespace catena::app
