// What a stream on the device may rely on: it moves, is copied, saved and loaded, and bad input leaves it alone.
#include <sstream>

#include "cuda_fixture.h"
#include "model/runtime/memory.h"

using namespace catena::model;
using namespace catena::model::test;
using Catch::Matchers::Contains;
using cuda::CudaExecutor;

TEST_CASE("a stream moves from the CPU to the device and back between any two tokens") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  CAPTURE(to_string(carry));
  const auto weights = random_weights(tiny_config(carry), 7);
  const auto tokens = random_tokens(weights->config(), 60);
  const StreamSettings settings{.chunk_length = 32};
  const auto cpu = make_executor(weights, {});
  CudaExecutor device(weights, {.device = Device::cuda});
  ChainState expected = cpu->initial_state(32);
  cpu->read(expected, tokens, settings);

  const std::span<const Token> view(tokens);
  ChainState a = cpu->initial_state(32);
  cpu->read(a, view.first(21), settings);
  ChainState b = carried_over(a, device);
  CHECK(numbers_of(b) == numbers_of(a));
  device.read(b, view.subspan(21, 20), settings);
  ChainState c = carried_over(b, *cpu);
  cpu->read(c, view.subspan(41), settings);
  CHECK(c.counters() == expected.counters());
  CHECK(largest_difference(numbers_of(c), numbers_of(expected)) < agreement);
}

TEST_CASE("what is saved on the device is loaded on the CPU, and the other way round") {
  const auto weights = random_weights(tiny_config(Carry::delta), 7);
  const auto cpu = make_executor(weights, {});
  CudaExecutor device(weights, {.device = Device::cuda});
  ChainState state = device.initial_state(16);
  device.read(state, random_tokens(weights->config(), 21), {.chunk_length = 16});
  std::stringstream file;
  state.save(file);
  ChainState there = cpu->initial_state(16);
  there.load(file);
  CHECK(there == state);
  std::stringstream back;
  there.save(back);
  ChainState again = device.initial_state(16);
  again.load(back);
  CHECK(again == state);
}

TEST_CASE("a copied state on the device goes on by itself") {
  const auto weights = random_weights(tiny_config(Carry::delta));
  const auto tokens = random_tokens(weights->config(), 40);
  CudaExecutor device(weights, {.device = Device::cuda});
  ChainState state = device.initial_state(16);
  device.read(state, {tokens.data(), 21}, {.chunk_length = 16});
  const ChainState kept = state;
  ChainState copy = state;
  device.read(copy, {&tokens[21], 19}, {.chunk_length = 16});
  CHECK(state == kept);
  CHECK_FALSE(copy == kept);
  device.read(state, {&tokens[21], 19}, {.chunk_length = 16});
  CHECK(state == copy);
  state = kept;
  CHECK(state == kept);
}

TEST_CASE("logits are zero before any token, and reading them leaves the state as it is") {
  CudaExecutor device(random_weights(tiny_config(Carry::delta)), {.device = Device::cuda});
  ChainState state = device.initial_state(16);
  CHECK(logits_of(device, state) == std::vector<float>(96, 0.0F));
  device.read(state, random_tokens(device.config(), 5), {.chunk_length = 16});
  const ChainState kept = state;
  CHECK(logits_of(device, state) == logits_of(device, state));
  CHECK(state == kept);
}

TEST_CASE("a steady step on the device allocates nothing") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector);
  const auto weights = random_weights(tiny_config(carry));
  CudaExecutor device(weights, {.device = Device::cuda});
  const auto tokens = random_tokens(weights->config(), 40);
  ChainState state = device.initial_state(16);
  ChainState mark = state;
  std::vector<float> logits(96), nll(40);
  const MemoryCounters before = memory_counters();
  for (const Token token : tokens) {
    device.read(state, {&token, 1}, {.chunk_length = 16});
    device.logits(state, logits);
  }
  device.read(state, tokens, {.chunk_length = 16});
  device.score(state, tokens, {.chunk_length = 16}, nll);
  device.end_chunk(state);
  mark = state;
  CHECK(memory_counters().allocations == before.allocations);
}

TEST_CASE("weights are brought to the device once for all executors that use them") {
  const auto weights = random_weights(tiny_config(Carry::delta));
  const CudaExecutor first(weights, {.device = Device::cuda});
  const std::int64_t with_one = cuda::device_bytes();
  const std::uint64_t allocations = memory_counters().allocations;
  const CudaExecutor second(weights, {.device = Device::cuda});
  CHECK(memory_counters().allocations == allocations + 1);  // its working memory
  CHECK(cuda::device_bytes() > with_one);
}

TEST_CASE("bad input to the device's executor is refused in one line and leaves the state as it was") {
  const auto weights = random_weights(tiny_config(Carry::delta));
  CudaExecutor device(weights, {.device = Device::cuda});
  ChainState state = device.initial_state(16);
  device.read(state, random_tokens(weights->config(), 5), {.chunk_length = 16});
  const ChainState kept = state;
  const std::vector<Token> beyond{1, 96}, fine{1};
  std::vector<float> few(5);
  CHECK_THROWS_WITH(device.read(state, beyond, {.chunk_length = 16}), "token 96 is outside the vocabulary of 96");
  CHECK_THROWS_WITH(device.read(state, beyond, {.chunk_length = 7}), "chunk length is 7, expected 8 to 512");
  CHECK_THROWS_WITH(device.read(state, {}, {.chunk_length = 16, .gate_temperature = -1}), Contains("gate temperature"));
  CHECK_THROWS_WITH(device.score(state, beyond, {.chunk_length = 16}, few), Contains("as many results"));
  CHECK_THROWS_WITH(device.logits(state, few), Contains("room for 96"));
  CHECK_THROWS_WITH(device.initial_state(513), Contains("chunk length is 513"));
  CHECK(state == kept);

  CudaExecutor other(random_weights(tiny_config(Carry::vector)), {.device = Device::cuda});
  CHECK_THROWS_WITH(other.read(state, fine, {.chunk_length = 16}), Contains("does not belong to model 'tiny-vector'"));
  const auto cpu = make_executor(weights, {});
  ChainState on_cpu = cpu->initial_state(16);
  CHECK_THROWS_WITH(device.read(on_cpu, fine, {.chunk_length = 16}), Contains("on the CUDA device"));
  CHECK_THROWS_WITH(cpu->read(state, fine, {.chunk_length = 16}), Contains("on the CPU"));
  ChainState empty;
  CHECK_THROWS_WITH(device.end_chunk(empty), Contains("initial_state"));
  std::vector<Token> out(1);
  ChainState fresh = device.initial_state(16);
  CHECK_THROWS_WITH(device.generate(fresh, out, {}, {.chunk_length = 16}), Contains("read a token first"));
  CHECK(state == kept);
}

TEST_CASE("models that the kernels cannot read are refused in one line") {
  ModelConfig config = tiny_config(Carry::delta);
  config.width = 160;
  config.heads = 1;
  CHECK_THROWS_WITH(CudaExecutor(random_weights(config), {.device = Device::cuda}),
                    Contains("heads of width 160") && Contains("choose cpu"));
}
