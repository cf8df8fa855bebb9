// What a stream may rely on, whatever the model: split, threads, chunk length, carry.
#include <catch2/catch.hpp>
#include <random>

#include "model/runtime/memory.h"
#include "model/runtime/native_executor.h"
#include "tests/model/temporary_folder.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;
using Catch::Matchers::Contains;

namespace {

// Wide enough that products and heads are really shared between threads.
ModelConfig shared_config(Carry carry) {
  ModelConfig config = tiny_config(carry, 1500);
  config.width = 128;
  config.heads = 4;
  config.ffn = 320;
  return config;
}

std::vector<float> logits_of(Executor& executor, const ChainState& state) {
  std::vector<float> logits(static_cast<std::size_t>(executor.config().vocab));
  executor.logits(state, logits);
  return logits;
}

Carry any_carry() { return GENERATE(Carry::delta, Carry::vector, Carry::none); }

}  // namespace

TEST_CASE("any split of the tokens gives bit-identical states, logits and scores, on any number of threads") {
  const Carry carry = any_carry();
  const Precision precision = GENERATE(Precision::float32, Precision::bfloat16, Precision::int8);
  CAPTURE(to_string(carry), to_string(precision));
  const auto weights = random_weights(shared_config(carry));
  const auto tokens = random_tokens(weights->config(), 420);
  const StreamSettings settings{.chunk_length = 100};

  const auto whole = make_executor(weights, {.precision = precision});
  ChainState expected = whole->initial_state(100);
  std::vector<float> expected_nll(tokens.size());
  whole->score(expected, tokens, settings, expected_nll);
  const auto expected_logits = logits_of(*whole, expected);

  std::mt19937 random(5);
  for (const int threads : {1, 2, 3, 8}) {
    const auto executor = make_executor(weights, {.precision = precision, .threads = threads});
    for (const unsigned longest : {1U, 9U, 200U}) {
      CAPTURE(threads, longest);
      ChainState state = executor->initial_state(100);
      std::vector<float> nll(tokens.size());
      for (std::size_t at = 0; at < tokens.size();) {
        const std::size_t count = std::min<std::size_t>(tokens.size() - at, 1 + random() % longest);
        const std::span<const Token> piece(&tokens[at], count);
        if (longest == 9) {
          executor->read(state, piece, settings);
        } else {
          executor->score(state, piece, settings, {&nll[at], count});
        }
        at += count;
      }
      CHECK(state == expected);
      CHECK(logits_of(*executor, state) == expected_logits);
      if (longest != 9) CHECK(nll == expected_nll);
    }
  }
}

TEST_CASE("the size of a state is a constant of model and chunk length") {
  const Carry carry = any_carry();
  const auto executor = make_executor(random_weights(tiny_config(carry)), {});
  ChainState state = executor->initial_state(32);
  const std::size_t bytes = state.bytes();
  for (int i = 0; i < 20; ++i) {
    executor->read(state, random_tokens(executor->config(), 37), {.chunk_length = 32});
    CHECK(state.bytes() == bytes);
  }
  CHECK(executor->initial_state(64).bytes() > bytes);
}

TEST_CASE("a steady step allocates nothing: no heap, no numbers, with one thread or two") {
  const Carry carry = any_carry();
  const int threads = GENERATE(1, 2);
  const Precision precision = GENERATE(Precision::float32, Precision::int8);
  const Kernels* kernels = GENERATE(from_range(usable_kernels().begin(), usable_kernels().end()));
  CAPTURE(to_string(carry), threads, to_string(precision), kernels->name);
  const auto weights = random_weights(shared_config(carry));
  NativeExecutor executor(weights, {.precision = precision, .threads = threads}, *kernels);
  const auto tokens = random_tokens(weights->config(), 300);
  ChainState state = executor.initial_state(64);
  ChainState mark = state;
  std::vector<float> logits(1500);
  std::vector<float> nll(300);

  const std::uint64_t heap = thread_heap_allocations();
  const MemoryCounters before = memory_counters();
  for (const Token token : tokens) {
    executor.read(state, {&token, 1}, {.chunk_length = 64});
    executor.logits(state, logits);
  }
  executor.end_chunk(state);
  mark = state;
  const std::uint64_t heap_after_steps = thread_heap_allocations();
  executor.read(state, tokens, {.chunk_length = 64});
  executor.score(state, tokens, {.chunk_length = 64}, nll);
  const std::uint64_t heap_after = thread_heap_allocations();
  const MemoryCounters after = memory_counters();
  CHECK(heap_after_steps == heap);
  // oneDNN allocates what it passes on to itself, and frees it again.
  if (!kernels->tiles || precision != Precision::int8) CHECK(heap_after == heap);
  CHECK(after.allocations == before.allocations);
  CHECK(after.bytes_now == before.bytes_now);
}

TEST_CASE("a copied state continues on its own and leaves the original bit-identical") {
  const Carry carry = any_carry();
  const auto executor = make_executor(random_weights(tiny_config(carry)), {});
  const auto tokens = random_tokens(executor->config(), 60);
  ChainState state = executor->initial_state(16);
  executor->read(state, {tokens.data(), 21}, {.chunk_length = 16});
  const ChainState kept = state;
  ChainState copy = state;
  executor->read(copy, {&tokens[21], 39}, {.chunk_length = 16});
  CHECK(state == kept);
  CHECK_FALSE(copy == kept);
  executor->read(state, {&tokens[21], 39}, {.chunk_length = 16});
  CHECK(state == copy);
}

TEST_CASE("logits are read without disturbing the state, and are zero before any token") {
  const auto executor = make_executor(random_weights(tiny_config(Carry::delta)), {});
  ChainState state = executor->initial_state(16);
  CHECK(logits_of(*executor, state) == std::vector<float>(96, 0.0F));
  executor->read(state, random_tokens(executor->config(), 5), {.chunk_length = 16});
  const ChainState kept = state;
  const auto first = logits_of(*executor, state);
  CHECK(first == logits_of(*executor, state));
  CHECK(state == kept);
}

TEST_CASE("end_chunk starts a new chunk once, keeps the prediction, and equals a chunk that was full there") {
  const Carry carry = any_carry();
  CAPTURE(to_string(carry));
  const auto executor = make_executor(random_weights(tiny_config(carry)), {});
  const auto tokens = random_tokens(executor->config(), 30);
  ChainState state = executor->initial_state(16);
  executor->end_chunk(state);
  CHECK(state == executor->initial_state(16));

  executor->read(state, {tokens.data(), 10}, {.chunk_length = 16});
  const auto before = logits_of(*executor, state);
  executor->end_chunk(state);
  CHECK(state.counters().position == 0);
  CHECK(state.counters().chunks == 1);
  CHECK(logits_of(*executor, state) == before);
  const ChainState ended = state;
  executor->end_chunk(state);
  CHECK(state == ended);

  // Ten tokens in a chunk of ten end by themselves in the same place.
  ChainState full = executor->initial_state(10);
  executor->read(full, {tokens.data(), 10}, {.chunk_length = 10});
  executor->read(full, {&tokens[10], 12}, {.chunk_length = 16});
  executor->read(state, {&tokens[10], 12}, {.chunk_length = 16});
  CHECK(state == full);
}

TEST_CASE("carry off forgets at the boundary: what follows is that of a new stream") {
  const Carry carry = any_carry();
  CAPTURE(to_string(carry));
  const auto executor = make_executor(random_weights(tiny_config(carry)), {});
  const auto tokens = random_tokens(executor->config(), 29);
  const auto after_two_chunks = [&](bool carried) {
    ChainState state = executor->initial_state(8);
    executor->read(state, tokens, {.chunk_length = 8, .carry = carried});
    return logits_of(*executor, state);
  };
  ChainState fresh = executor->initial_state(8);
  executor->read(fresh, {&tokens[24], 5}, {.chunk_length = 8});
  CHECK(after_two_chunks(false) == logits_of(*executor, fresh));
  CHECK((after_two_chunks(true) == logits_of(*executor, fresh)) == (carry == Carry::none));
}

TEST_CASE("a new temperature waits for the next chunk; switching carry off acts at the next boundary") {
  const auto executor = make_executor(random_weights(tiny_config(Carry::delta)), {});
  const auto tokens = random_tokens(executor->config(), 24);
  const StreamSettings usual{.chunk_length = 16};
  ChainState state = executor->initial_state(16);
  ChainState changed = executor->initial_state(16);
  executor->read(state, {tokens.data(), 6}, usual);
  executor->read(changed, {tokens.data(), 6}, usual);

  SECTION("temperature") {
    const StreamSettings warm{.chunk_length = 16, .gate_temperature = 5.0F};
    executor->read(state, {&tokens[6], 10}, usual);
    executor->read(changed, {&tokens[6], 10}, warm);
    CHECK(state == changed);
    executor->read(state, {&tokens[16], 3}, usual);
    executor->read(changed, {&tokens[16], 3}, warm);
    CHECK_FALSE(logits_of(*executor, state) == logits_of(*executor, changed));
  }
  SECTION("carry") {
    executor->read(changed, {&tokens[6], 10}, {.chunk_length = 16, .carry = false});
    ChainState fresh = executor->initial_state(16);
    executor->read(changed, {&tokens[16], 8}, usual);
    executor->read(fresh, {&tokens[16], 8}, usual);
    CHECK(logits_of(*executor, changed) == logits_of(*executor, fresh));
  }
}

TEST_CASE("a new chunk length takes effect at the next boundary and nothing carried is lost") {
  const Carry carry = any_carry();
  const int next = GENERATE(8, 64);
  CAPTURE(to_string(carry), next);
  const auto executor = make_executor(random_weights(tiny_config(carry)), {});
  const auto tokens = random_tokens(executor->config(), 60);
  ChainState state = executor->initial_state(16);
  executor->read(state, {tokens.data(), 10}, {.chunk_length = 16});
  executor->read(state, {&tokens[10], 50}, {.chunk_length = next});
  CHECK(state.counters().chunk_length == next);
  CHECK(state.counters().chunks == (next == 8 ? 6 : 1));
  CHECK(state.bytes() == executor->initial_state(next).bytes());

  // The same boundaries reached with chunks ended by hand.
  ChainState by_hand = executor->initial_state(512);
  std::size_t at = 0;
  for (const std::size_t end : {16, 24, 32, 40, 48, 56, 60}) {
    if (next == 64 && end != 16 && end != 60) continue;
    executor->read(by_hand, {&tokens[at], end - at}, {.chunk_length = 512});
    if (end != 60) executor->end_chunk(by_hand);
    at = end;
  }
  CHECK(logits_of(*executor, state) == logits_of(*executor, by_hand));
}

TEST_CASE("weights are packed once for all executors that use them") {
  const auto weights = random_weights(shared_config(Carry::delta));
  const auto first = make_executor(weights, {});
  const std::size_t with_one = memory_counters().bytes_now;
  const auto second = make_executor(weights, {});
  const auto matrices = static_cast<std::size_t>(weights->config().parameters()) * sizeof(float);
  CHECK(memory_counters().bytes_now - with_one < matrices);
}

TEST_CASE("bad input to an executor is refused in one line and leaves the state as it was") {
  const auto weights = random_weights(tiny_config(Carry::delta));
  const auto executor = make_executor(weights, {});
  ChainState state = executor->initial_state(16);
  executor->read(state, random_tokens(executor->config(), 5), {.chunk_length = 16});
  const ChainState kept = state;
  const std::vector<Token> beyond{1, 96};
  const std::vector<Token> negative{-1};
  std::vector<float> few(5);

  CHECK_THROWS_WITH(executor->read(state, beyond, {.chunk_length = 16}), "token 96 is outside the vocabulary of 96");
  CHECK_THROWS_WITH(executor->read(state, negative, {.chunk_length = 16}), Contains("token -1"));
  CHECK_THROWS_WITH(executor->read(state, beyond, {.chunk_length = 7}), "chunk length is 7, expected 8 to 512");
  CHECK_THROWS_WITH(executor->read(state, {}, {.chunk_length = 16, .gate_temperature = -1}),
                    Contains("gate temperature"));
  CHECK_THROWS_WITH(executor->read(state, {}, {.chunk_length = 16, .gate_temperature = NAN}),
                    Contains("gate temperature"));
  CHECK_THROWS_WITH(executor->score(state, beyond, {.chunk_length = 16}, few), Contains("as many results"));
  CHECK_THROWS_WITH(executor->logits(state, few), Contains("room for 96"));
  CHECK_THROWS_WITH(executor->initial_state(513), Contains("chunk length is 513"));
  CHECK(state == kept);

  const auto other = make_executor(random_weights(tiny_config(Carry::vector)), {});
  CHECK_THROWS_WITH(other->read(state, {beyond.data(), 1}, {.chunk_length = 16}),
                    Contains("does not belong to model 'tiny-vector'"));
  ChainState empty;
  CHECK_THROWS_WITH(executor->end_chunk(empty), Contains("initial_state"));
  CHECK(state == kept);
}

TEST_CASE("a device nobody offers, no weights and a senseless thread count are refused in one line") {
  const auto weights = random_weights(tiny_config(Carry::none));
  CHECK_THROWS_WITH(make_executor(nullptr, {}), Contains("no weights"));
  CHECK_THROWS_WITH(make_executor(weights, {.threads = 0}), "thread count is 0, expected 1 to 256");
  CHECK(executor_available(Device::cpu));
  REQUIRE_FALSE(executor_available(Device::cuda));
  CHECK_THROWS_WITH(make_executor(weights, {.device = Device::cuda}),
                    Contains("device 'cuda' is not available: no GPU"));

  register_executor_factory(Device::cuda, [](std::shared_ptr<const Weights> given, const ExecutorOptions& options) {
    return std::unique_ptr<Executor>(std::make_unique<NativeExecutor>(given, options));
  });
  CHECK(executor_available(Device::cuda));
  CHECK(make_executor(weights, {.device = Device::cuda})->options().device == Device::cuda);
  register_executor_factory(Device::cuda, nullptr);
}
