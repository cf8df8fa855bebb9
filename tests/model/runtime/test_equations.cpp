// The executor computes the equations of docs/design.md: float32 against an independent double precision reference.
#include <catch2/catch.hpp>

#include "model/runtime/native_executor.h"
#include "tests/model/runtime/reference.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

/// The largest error of a logit, relative to the largest logit where that is above 1.
double worst_logit(NativeExecutor& executor, const ChainState& state, Reference& reference) {
  std::vector<float> logits(static_cast<std::size_t>(executor.config().vocab));
  executor.logits(state, logits);
  const Numbers expected = reference.logits();
  double worst = 0;
  double largest = 1;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    worst = std::max(worst, std::abs(logits[i] - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}

void feed(Reference& reference, std::span<const Token> tokens, int chunk_length) {
  for (const Token token : tokens) {
    reference.step(token);
    if (reference.position() == chunk_length) reference.boundary();
  }
}

}  // namespace

TEST_CASE("logits agree with the double precision reference, token by token and over chunk boundaries") {
  const ModelConfig config = GENERATE(from_range(tiny_configs()));
  const Kernels* kernels = GENERATE(from_range(usable_kernels().begin(), usable_kernels().end()));
  CAPTURE(config.name, kernels->name);
  const auto weights = random_weights(config);
  NativeExecutor executor(weights, {}, *kernels);
  Reference reference(weights);
  ChainState state = executor.initial_state(16);
  double worst = 0;
  for (const Token token : random_tokens(executor.config(), 16 * 4 + 5)) {
    executor.read(state, {&token, 1}, {.chunk_length = 16});
    feed(reference, {&token, 1}, 16);
    worst = std::max(worst, worst_logit(executor, state, reference));
  }
  CHECK(worst < 1e-5);
}

TEST_CASE("the same holds for wider heads, an even number of layers and odd sizes") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  const Kernels* kernels = GENERATE(from_range(usable_kernels().begin(), usable_kernels().end()));
  CAPTURE(to_string(carry), kernels->name);
  ModelConfig config = tiny_config(carry, 77);
  config.width = 160;
  config.heads = 2;  // 80 wide: one block of four vectors and one single
  config.layers = 4;
  config.ffn = 208;
  config.gate_hidden = 48;
  config.conv_taps = 3;
  const auto weights = random_weights(config, 3);
  NativeExecutor executor(weights, {}, *kernels);
  Reference reference(weights);
  ChainState state = executor.initial_state(40);
  const auto tokens = random_tokens(config, 101);
  executor.read(state, tokens, {.chunk_length = 40});
  feed(reference, tokens, 40);
  CHECK(worst_logit(executor, state, reference) < 1e-5);
}

TEST_CASE("score gives the reference's negative log likelihoods, uniform for the first token of a stream") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  CAPTURE(to_string(carry));
  const auto weights = random_weights(tiny_config(carry));
  NativeExecutor executor(weights, {});
  Reference reference(weights);
  ChainState state = executor.initial_state(16);
  const auto tokens = random_tokens(executor.config(), 75);
  std::vector<float> nll(tokens.size());
  executor.score(state, tokens, {.chunk_length = 16}, nll);
  CHECK(nll[0] == Approx(std::log(executor.config().vocab)));
  double worst = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) worst = std::max(worst, std::abs(nll[i] - reference.nll(tokens[i])));
    feed(reference, {&tokens[i], 1}, 16);
  }
  CHECK(worst < 1e-5);
}

TEST_CASE("with carry off every chunk starts from nothing, and a given temperature replaces the model's") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector);
  CAPTURE(to_string(carry));
  const auto weights = random_weights(tiny_config(carry));
  NativeExecutor executor(weights, {});
  Reference reference(weights);
  reference.set_carry(false);
  reference.set_temperature(2.0);
  ChainState state = executor.initial_state(8);
  const auto tokens = random_tokens(executor.config(), 45);
  executor.read(state, tokens, {.chunk_length = 8, .carry = false, .gate_temperature = 2.0F});
  feed(reference, tokens, 8);
  CHECK(worst_logit(executor, state, reference) < 1e-5);
}

TEST_CASE("bfloat16 weights stay close to float32 and equal a float32 model whose matrices were rounded") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  const Kernels* kernels = GENERATE(from_range(usable_kernels().begin(), usable_kernels().end()));
  CAPTURE(to_string(carry), kernels->name);
  const ModelConfig config = tiny_config(carry);
  auto tensors = random_tensors(config);
  const auto tokens = random_tokens(config, 50);
  const auto run = [&](const std::shared_ptr<const Weights>& weights, Precision precision) {
    NativeExecutor executor(weights, {.precision = precision}, *kernels);
    ChainState state = executor.initial_state(16);
    executor.read(state, tokens, {.chunk_length = 16});
    std::vector<float> logits(static_cast<std::size_t>(config.vocab));
    executor.logits(state, logits);
    return logits;
  };
  const auto exact = run(Weights::from_tensors(config, tensors), Precision::float32);
  const auto half = run(Weights::from_tensors(config, tensors), Precision::bfloat16);
  for (NamedTensor& tensor : tensors) {
    if (tensor.shape.size() != 2 || tensor.name.find("conv") != std::string::npos) continue;
    for (float& value : tensor.values) value = from_bfloat16(to_bfloat16(value));
  }
  const auto rounded = run(Weights::from_tensors(config, tensors), Precision::float32);
  CHECK(half == rounded);
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) worst = std::max<double>(worst, std::abs(exact[i] - half[i]));
  CHECK(worst > 0);
  CHECK(worst < 0.15);
}

TEST_CASE("int8 is a float32 model whose rows were rounded, up to what 16-bit inputs lose") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  const Kernels* kernels = GENERATE(from_range(usable_kernels().begin(), usable_kernels().end()));
  CAPTURE(to_string(carry), kernels->name);
  const ModelConfig config = tiny_config(carry);
  auto tensors = random_tensors(config);
  const auto tokens = random_tokens(config, 50);
  const auto run = [&](Precision precision) {
    NativeExecutor executor(Weights::from_tensors(config, tensors), {.precision = precision}, *kernels);
    ChainState state = executor.initial_state(16);
    executor.read(state, tokens, {.chunk_length = 16});
    std::vector<float> logits(static_cast<std::size_t>(config.vocab));
    executor.logits(state, logits);
    return logits;
  };
  const auto exact = run(Precision::float32);
  const auto bytes = run(Precision::int8);
  for (NamedTensor& tensor : tensors) {
    const bool gate = tensor.name.find("importance.out") != std::string::npos;  // stays in float32
    if (tensor.shape.size() != 2 || tensor.name.find("conv") != std::string::npos || gate) continue;
    const auto width = static_cast<std::size_t>(tensor.shape[1]);
    for (std::size_t first = 0; first < tensor.values.size(); first += width) {
      float largest = 0;
      for (std::size_t i = first; i < first + width; ++i) largest = std::max(largest, std::abs(tensor.values[i]));
      for (std::size_t i = first; i < first + width; ++i)
        tensor.values[i] = std::round(tensor.values[i] / largest * 127) * largest / 127;
    }
  }
  const auto rounded = run(Precision::float32);
  double inputs = 0, weights = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    inputs = std::max<double>(inputs, std::abs(bytes[i] - rounded[i]));
    weights = std::max<double>(weights, std::abs(bytes[i] - exact[i]));
  }
  CHECK(inputs < 2e-3);
  CHECK(weights > inputs);
  CHECK(weights < 0.3);
}
