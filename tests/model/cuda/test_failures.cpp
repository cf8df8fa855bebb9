// A device that is absent, full or taken away, and what the graphs do: on the emulated device only.
#include "cuda_fixture.h"
#include "emulator.h"
#include "model/runtime/device_failure.h"

using namespace catena::model;
using namespace catena::model::test;
using Catch::Matchers::Contains;
using cuda::CudaExecutor;

namespace {

struct Restored {
  Restored() { cuda_emulator::reset(); }
  ~Restored() {
    cuda_emulator::reset();
    cuda_emulator::set_order(cuda_emulator::Order::forward);
  }
};

}  // namespace

TEST_CASE("threads and blocks in the opposite order give the same numbers: no barrier is missing") {
  const Restored restored;
  const ModelConfig config = GENERATE(from_range(tiny_configs()));
  const Precision precision = GENERATE(Precision::float32, Precision::bfloat16, Precision::int8);
  CAPTURE(config.name, to_string(precision));
  const auto weights = random_weights(config);
  const auto tokens = random_tokens(config, 23);
  const auto run = [&](cuda_emulator::Order order) {
    cuda_emulator::set_order(order);
    CudaExecutor device(weights, {.device = Device::cuda, .precision = precision});
    ChainState state = device.initial_state(16);
    std::vector<float> nll(20);
    device.score(state, {tokens.data(), 20}, {.chunk_length = 16}, nll);
    for (std::size_t i = 20; i < 23; ++i) device.read(state, {&tokens[i], 1}, {.chunk_length = 16});
    std::vector<Token> written(3);
    device.generate(state, written, {0.9F, 0.8F, 5}, {.chunk_length = 16});
    std::vector<float> numbers = numbers_of(state);
    numbers.insert(numbers.end(), nll.begin(), nll.end());
    numbers.insert(numbers.end(), written.begin(), written.end());
    return numbers;
  };
  CHECK(run(cuda_emulator::Order::forward) == run(cuda_emulator::Order::backward));
  CHECK(cuda_emulator::fault().empty());
}

TEST_CASE("graphs are recorded at construction and serve every token, state and chunk length") {
  const Restored restored;
  const auto weights = random_weights(tiny_config(Carry::vector));
  const auto before_construction = cuda_emulator::counters();
  CudaExecutor device(weights, {.device = Device::cuda});
  const auto tokens = random_tokens(weights->config(), 60);
  const auto before = cuda_emulator::counters();
  CHECK(before.captures - before_construction.captures == 6);
  for (const int chunk_length : {8, 24}) {
    ChainState state = device.initial_state(chunk_length);
    for (int i = 0; i < 20; ++i)
      device.read(state, {&tokens[static_cast<std::size_t>(i)], 1}, {.chunk_length = chunk_length});
    device.read(state, {&tokens[20], 40}, {.chunk_length = chunk_length});
  }
  const auto after = cuda_emulator::counters();
  CHECK(after.captures == before.captures);
  CHECK(after.graph_launches - before.graph_launches ==
        2 * 20 + 6 + 3);  // 20 + 40 tokens in chunks of 8: 4 4x8 4; of 24: 4 24 12
}

TEST_CASE("a token loop asks the host for nothing but its beginning and end") {
  const Restored restored;
  CudaExecutor device(random_weights(tiny_config(Carry::delta)), {.device = Device::cuda});
  ChainState state = device.initial_state(8);
  device.read(state, random_tokens(device.config(), 5), {.chunk_length = 8});
  const auto before = cuda_emulator::counters();
  std::vector<Token> out(50);
  device.generate(state, out, {}, {.chunk_length = 8});
  const auto after = cuda_emulator::counters();
  CHECK(after.graph_launches - before.graph_launches == 50);
  CHECK(after.synchronisations - before.synchronisations <= 2);
  CHECK(after.allocations == before.allocations);
}

TEST_CASE("no GPU is one line, and cuda is not offered") {
  const Restored restored;
  cuda_emulator::set_device_count(0);
  CHECK_FALSE(cuda::register_executor());
  CHECK_FALSE(executor_available(Device::cuda));
  CHECK_THROWS_WITH(CudaExecutor(random_weights(tiny_config(Carry::none)), {.device = Device::cuda}),
                    Contains("no GPU or driver was found") && Contains("choose cpu"));
  cuda_emulator::set_device_count(1);
  CHECK(cuda::register_executor());
  const auto executor = make_executor(random_weights(tiny_config(Carry::none)), {.device = Device::cuda});
  CHECK(executor->options().device == Device::cuda);
  register_executor_factory(Device::cuda, nullptr);
}

TEST_CASE("a device without room says how much was wanted and how to go on, and keeps nothing") {
  const Restored restored;
  const auto weights = random_weights(tiny_config(Carry::delta));
  const std::int64_t before = cuda::device_bytes();
  SECTION("for the weights") {
    cuda_emulator::set_memory(100'000);
    CHECK_THROWS_WITH(CudaExecutor(weights, {.device = Device::cuda}),
                      Contains("no room for the weights of model 'tiny-delta': 1 MB wanted") && Contains("choose cpu"));
  }
  SECTION("for the working memory") {
    cuda_emulator::fail_malloc(2, cudaErrorMemoryAllocation);
    CHECK_THROWS_WITH(CudaExecutor(weights, {.device = Device::cuda}),
                      Contains("no room for the working memory of model 'tiny-delta'") && Contains("choose cpu"));
  }
  CHECK(cuda::device_bytes() == before);
}

TEST_CASE("no room for a new chunk length: the state is as it was, and goes on with the old one") {
  const Restored restored;
  const auto weights = random_weights(tiny_config(Carry::delta));
  CudaExecutor device(weights, {.device = Device::cuda});
  const auto tokens = random_tokens(weights->config(), 40);
  ChainState state = device.initial_state(16);
  device.read(state, {tokens.data(), 10}, {.chunk_length = 16});
  const ChainState kept = state;
  cuda_emulator::fail_malloc(1, cudaErrorMemoryAllocation);
  CHECK_THROWS_AS(device.read(state, {&tokens[10], 20}, {.chunk_length = 32}), DeviceFailure);
  CHECK(state == kept);
  device.read(state, {&tokens[10], 20}, {.chunk_length = 32});
  CHECK(state.counters().chunk_length == 32);
}

TEST_CASE("a device that is taken away is one line from then on, and the counters stay") {
  const Restored restored;
  const auto weights = random_weights(tiny_config(Carry::delta));
  const auto tokens = random_tokens(weights->config(), 20);
  const cudaError_t error = GENERATE(cudaErrorDeviceUninitialized, cudaErrorECCUncorrectable, cudaErrorLaunchFailure,
                                     cudaErrorIllegalAddress);
  CudaExecutor device(weights, {.device = Device::cuda});
  ChainState state = device.initial_state(16);
  device.read(state, {tokens.data(), 10}, {.chunk_length = 16});
  const ChainState::Counters counters = state.counters();
  cuda_emulator::fail_launch(5, error);
  CHECK_THROWS_AS(device.read(state, {&tokens[10], 10}, {.chunk_length = 16}), DeviceFailure);
  CHECK(state.counters() == counters);
  std::vector<float> logits(96);
  CHECK_THROWS_WITH(device.logits(state, logits), Contains("the CUDA device failed while") && Contains("choose cpu"));
  CHECK_THROWS_AS(numbers_of(state), DeviceFailure);
  CHECK_THROWS_AS(CudaExecutor(weights, {.device = Device::cuda}), DeviceFailure);
}
