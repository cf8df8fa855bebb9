#include <algorithm>
#include <cstring>

#include "app/commands/bench_clock.h"
#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "model/runtime/memory.h"
#ifdef CATENA_WITH_CUDA
#include "model/cuda/cuda_device.h"
#endif

namespace catena::app {
namespace {

using namespace catena::model;

double seconds(int threads, const auto& work) {
  const double start = bench_seconds(threads);
  work();
  return bench_seconds(threads) - start;
}

/// Reads a buffer of as many bytes as a step moves: where the weights lie (a cache or memory) is where the buffer lies
/// too.
class Reader {
 public:
  explicit Reader(std::size_t bytes) : buffer_(std::max<std::size_t>(bytes, 8192) / stride * stride, std::byte{1}) {}

  /// Bytes a second on this thread, of the fastest of a few passes one behind the other: what can lie in a cache does.
  double measure() const {
    double fastest = 0;
    for (int i = 0; i < 6; ++i)
      fastest = std::max(fastest, static_cast<double>(buffer_.size()) / seconds(1, [this] { pass(); }));
    return fastest;
  }

 private:
  // What every processor of 64 bits loads at once, and enough of them under way to hide a load's latency.
  using Vector = std::uint64_t __attribute__((vector_size(16), may_alias));
  static constexpr std::size_t vectors = 8, stride = vectors * sizeof(Vector);

  void pass() const {
    Vector sums[vectors] = {};
    for (std::size_t i = 0; i < buffer_.size(); i += stride) {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < vectors; ++v) sums[v] += reinterpret_cast<const Vector*>(buffer_.data() + i)[v];
    }
    for (std::size_t v = 1; v < vectors; ++v) sums[0] += sums[v];
    volatile std::uint64_t kept = sums[0][0] + sums[0][1];
    (void)kept;
  }

  CountedVector<std::byte> buffer_;
};

/// Bytes a second that a step could move at best: the device copies its own memory, the CPU reads a buffer of its own.
class Bandwidth {
 public:
  Bandwidth(Device device, std::size_t step_bytes) : reader_(device == Device::cpu ? step_bytes : 0) {
    if (device == Device::cpu) return;
#ifdef CATENA_WITH_CUDA
    device_ = cuda::copy_bandwidth(std::max<std::size_t>(step_bytes / 2, 1 << 20));
#else
    throw std::invalid_argument("bench step measures the CUDA device only in a build with nvcc");
#endif
  }
  double measure() const { return device_ > 0 ? device_ : reader_.measure(); }

 private:
  Reader reader_;
  double device_ = 0;
};

#ifdef CATENA_WITH_CUDA
/// Tokens a second where nothing is asked of the host between two tokens.
double loop_tokens_per_s(Executor& executor, ChainState& state, const StreamSettings& settings, std::size_t count) {
  std::vector<Token> written(count);
  cuda::generate(executor, state, written, settings);
  const double time = seconds(2, [&] { cuda::generate(executor, state, written, settings); });
  return static_cast<double>(count) / time;
}
#endif

}  // namespace

nlohmann::json bench_step(const BenchOptions& options) {
  const auto weights = bench_weights(options);
  const ModelConfig config = weights->config();
  const StreamSettings settings = options.model.settings(config);
  const bool on_device = options.model.executor().device == Device::cuda;
  const int threads = on_device ? 2 : options.model.threads;  // the wall clock: this thread only waits
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

  // What a step must move: every weight once (the embedding serves as the output matrix), the chain state read and
  // written.
  const Precision precision = options.model.executor().precision;
  const std::size_t bytes_a_number = precision == Precision::float32 ? 4 : precision == Precision::bfloat16 ? 2 : 1;
  const std::size_t weight_bytes = static_cast<std::size_t>(config.parameters()) * bytes_a_number;
  const std::size_t step_bytes = weight_bytes + 2 * state.bytes();
  const Bandwidth bandwidth_of(options.model.executor().device, step_bytes);
  std::vector<double> step_s, rates;
  // In turns, so that whatever else the machine does befalls both.
  constexpr std::size_t steps_a_turn = 50;
  for (std::size_t i = 0; i < tokens.size() && !interrupted(); ++i) {
    if (i % steps_a_turn == 0) rates.push_back(bandwidth_of.measure());
    step_s.push_back(seconds(threads, [&] { step(tokens[i]); }));
  }
  const double bandwidth = percentile(rates, 0.5);
  const double median = percentile(step_s, 0.5), floor = static_cast<double>(step_bytes) / bandwidth;
  nlohmann::json result = {{"bench", "step"},
          {"model", config.name},
          {"device", options.model.device},
          {"precision", to_string(options.model.executor().precision)},
          {"kernels", bench_kernels(options)},
          {"threads", options.model.threads},
          {"clock", bench_clock_name(threads)},
          {"parameters", config.parameters()},
          {"state_bytes", state.bytes()},
          {"step_bytes", step_bytes},
          {"bandwidth_bytes_per_s", bandwidth},
          {"floor_ms", floor * 1e3},
          {"step_p50_ms", median * 1e3},
          {"step_p95_ms", percentile(step_s, 0.95) * 1e3},
          {"step_over_floor", median / floor},
          {"tokens_per_s", 1 / median}};
#ifdef CATENA_WITH_CUDA
  if (on_device) result["loop_tokens_per_s"] = loop_tokens_per_s(*executor, state, settings, steps / 2);
#endif
  return result;
}

}  // namespace catena::app
