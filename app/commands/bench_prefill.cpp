#include <algorithm>

#include "app/commands/bench_clock.h"
#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "model/runtime/linear.h"
#include "model/runtime/mixers.h"
#ifdef CATENA_WITH_CUDA
#include "model/cuda/cuda_device.h"
#endif

namespace catena::app {
namespace {

using namespace catena::model;

/// Operations a second (two a multiply-add) of one product of a whole block with a matrix of the model's size, all of
/// it in the caches.
class ProductRate {
 public:
  ProductRate(const ModelConfig& config, const ExecutorOptions& options)
      : options_(options),
        pool_(options.threads),
        quantized_(block_tokens, config.width, best_kernels(), options.threads),
        matrix_(config.width,
                std::vector(1, std::vector<float>(static_cast<std::size_t>(4 * config.width * config.width), 0.5F)),
                options.precision),
        x_(static_cast<std::size_t>(block_tokens * config.width), 0.5F),
        y_(static_cast<std::size_t>(block_tokens * matrix_.outputs())) {}

  double measure() {
#ifdef CATENA_WITH_CUDA
    if (options_.device == Device::cuda)
      return cuda::product_operations_per_second(matrix_.inputs(), options_.precision);
#endif
    constexpr int repetitions = 8;
    const double start = bench_seconds(options_.threads);
    for (int i = 0; i < repetitions; ++i) {
      matrix_.multiply({best_kernels(), pool_, quantized_}, {x_.data(), static_cast<std::size_t>(matrix_.inputs())},
                       block_tokens, {y_.data(), static_cast<std::size_t>(matrix_.outputs())});
    }
    return repetitions * 2.0 * block_tokens * matrix_.inputs() * matrix_.outputs() /
           (bench_seconds(options_.threads) - start);
  }

 private:
  ExecutorOptions options_;
  ThreadPool pool_;
  QuantizedRows quantized_;
  Linear matrix_;
  Buffer x_, y_;
};

}  // namespace

nlohmann::json bench_prefill(const BenchOptions& options) {
  const auto weights = bench_weights(options);
  const ModelConfig config = weights->config();
  const ExecutorOptions how = options.model.executor();
#ifndef CATENA_WITH_CUDA
  if (how.device != Device::cpu)
    throw std::invalid_argument(
        "bench prefill measures the CUDA device only in a build with nvcc; leave --device at cpu");
#endif
  const int clock = how.device == Device::cpu ? how.threads : 2;  // the wall clock: this thread only waits
  const StreamSettings settings = options.model.settings(config);
  const auto executor = make_executor(weights, how);
  constexpr std::size_t piece = 1024;
  const std::size_t pieces = options.quick ? 16 : 96;
  const std::vector<Token> tokens = bench_tokens(options, config.vocab, piece * pieces);
  ChainState state = executor->initial_state(settings.chunk_length);
  ProductRate product(config, {.device = how.device, .precision = how.precision, .threads = clock});
  product.measure();
  executor->read(state, std::span(tokens).first(piece), settings);

  // In turns, so that whatever else the machine does befalls both.
  std::vector<double> rates, seconds;
  for (std::size_t i = 0; i < pieces && !interrupted(); ++i) {
    rates.push_back(product.measure());
    const double start = bench_seconds(clock);
    executor->read(state, std::span(tokens).subspan(i * piece, piece), settings);
    seconds.push_back(bench_seconds(clock) - start);
  }
  const double rate = percentile(rates, 0.5), time = percentile(seconds, 0.5);
  // Tokens are looked up, not multiplied, and only the last one's logits are ever asked for.
  const double operations =
      2.0 * piece * static_cast<double>(config.parameters() - std::int64_t{config.vocab} * config.width);
  const double floor = operations / rate;
  return {{"bench", "prefill"},
          {"model", config.name},
          {"precision", to_string(how.precision)},
          {"device", options.model.device},
          {"kernels", bench_kernels(options)},
          {"threads", how.threads},
          {"clock", bench_clock_name(clock)},
          {"chunk_tokens", settings.chunk_length},
          {"product_operations_per_s", rate},
          {"floor_ms_per_1024", floor * 1e3},
          {"prefill_ms_per_1024", time * 1e3},
          {"prefill_over_floor", time / floor},
          {"percent_of_product_rate", 100 * floor / time},
          {"tokens_per_s", piece / time}};
}

}  // namespace catena::app
