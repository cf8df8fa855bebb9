// The CUDA executor computes what the CPU runtime does.
#include "cuda_fixture.h"

using namespace catena::model;
using namespace catena::model::test;
using cuda::CudaExecutor;

namespace {

/// Odd sizes: rows that do not fill a tile, heads of 80, a vocabulary that is no multiple of anything.
ModelConfig wide_config(Carry carry) {
  ModelConfig config = tiny_config(carry, 77);
  config.name = "wide-" + to_string(carry);
  config.width = 160;
  config.heads = 2;
  config.layers = 2;
  config.ffn = 176;
  config.gate_hidden = 48;
  return config;
}

/// The weights as 8-bit rows hold them: what the device multiplies exactly, and the CPU too if it has them in float32.
std::shared_ptr<const Weights> rounded_to_bytes(const ModelConfig& config) {
  std::vector<NamedTensor> tensors = random_tensors(config);
  for (NamedTensor& tensor : tensors) {
    if (tensor.shape.size() != 2 || tensor.name.find("conv") != std::string::npos ||
        tensor.name.find("importance.out") != std::string::npos)
      continue;
    const auto inputs = static_cast<std::size_t>(tensor.shape[1]);
    for (std::size_t row = 0; row < tensor.values.size(); row += inputs) {
      float largest = 0;
      for (std::size_t i = 0; i < inputs; ++i) largest = std::max(largest, std::abs(tensor.values[row + i]));
      for (std::size_t i = 0; i < inputs; ++i)
        tensor.values[row + i] = std::round(tensor.values[row + i] / largest * 127) * (largest / 127);
    }
  }
  return Weights::from_tensors(config, std::move(tensors));
}

struct Difference {
  double states, logits;
};
Difference difference(Executor& cpu, Executor& device, std::span<const Token> tokens, unsigned longest) {
  const StreamSettings settings{.chunk_length = 16};
  ChainState expected = cpu.initial_state(16), state = device.initial_state(16);
  cpu.read(expected, tokens, settings);
  read_in_pieces(device, state, tokens, settings, longest);
  CHECK(state.counters() == expected.counters());
  return {largest_difference(numbers_of(state), numbers_of(expected)),
          largest_difference(logits_of(device, state), logits_of(cpu, expected))};
}

void check_agreement(const ModelConfig& config, Precision precision, std::size_t count, unsigned longest) {
  CAPTURE(config.name, to_string(precision), longest);
  const auto weights = random_weights(config);
  const auto tokens = random_tokens(config, count);
  const bool bytes = precision == Precision::int8;
  const auto cpu =
      bytes ? make_executor(rounded_to_bytes(config), {}) : make_executor(weights, {.precision = precision});
  CudaExecutor device(weights, {.device = Device::cuda, .precision = precision});
  const Difference found = difference(*cpu, device, tokens, longest);
  CHECK(found.states < agreement);
  CHECK(found.logits < agreement);
}

}  // namespace

TEST_CASE("with 8-bit weights the CPU rounds what it multiplies and the device does not: they agree to that rounding") {
  const ModelConfig config = tiny_config(Carry::delta);
  const auto weights = random_weights(config);
  const auto cpu = make_executor(weights, {.precision = Precision::int8});
  CudaExecutor device(weights, {.device = Device::cuda, .precision = Precision::int8});
  const Difference found = difference(*cpu, device, random_tokens(config, 37), 0);
  CHECK(found.states < 3e-3);
  CHECK(found.logits < 1e-3);
}

TEST_CASE("states and logits are the CPU runtime's, token by token and block by block, for every carry and precision") {
  const ModelConfig config = GENERATE(from_range(tiny_configs()));
  const Precision precision = GENERATE(Precision::float32, Precision::bfloat16, Precision::int8);
  const unsigned longest = GENERATE(0U, 1U, 9U);
  check_agreement(config, precision, 37, longest);
}

TEST_CASE("the same holds for wide heads and sizes that fill no tile") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector);
  const Precision precision = GENERATE(Precision::float32, Precision::bfloat16, Precision::int8);
  const unsigned longest = GENERATE(0U, 1U);
  check_agreement(wide_config(carry), precision, 20, longest);
}

TEST_CASE("likelihoods are the CPU runtime's, in any split; the first token is uniform") {
  const ModelConfig config = GENERATE(from_range(tiny_configs()));
  const Precision precision = GENERATE(Precision::float32, Precision::bfloat16);
  CAPTURE(config.name, to_string(precision));
  const auto weights = random_weights(config, 5);
  const auto tokens = random_tokens(config, 45);
  const StreamSettings settings{.chunk_length = 32};
  const auto cpu = make_executor(weights, {.precision = precision});
  CudaExecutor device(weights, {.device = Device::cuda, .precision = precision});
  std::vector<float> expected(tokens.size()), nll(tokens.size());
  ChainState cpu_state = cpu->initial_state(32), state = device.initial_state(32);
  cpu->score(cpu_state, tokens, settings, expected);
  const std::span<const Token> view(tokens);
  device.score(state, view.first(20), settings, std::span(nll).first(20));
  device.score(state, view.subspan(20, 1), settings, std::span(nll).subspan(20, 1));
  device.score(state, view.subspan(21), settings, std::span(nll).subspan(21));
  CHECK(largest_difference(nll, expected) < agreement);
  CHECK(nll[0] == Approx(std::log(96.0)));
}

TEST_CASE("blocks longer than a tile, chunks longer than a block") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector);
  CAPTURE(to_string(carry));
  const auto weights = random_weights(tiny_config(carry), 11);
  const auto tokens = random_tokens(weights->config(), 300);
  const StreamSettings settings{.chunk_length = 200};
  const auto cpu = make_executor(weights, {.precision = Precision::bfloat16});
  CudaExecutor device(weights, {.device = Device::cuda, .precision = Precision::bfloat16});
  ChainState expected = cpu->initial_state(200), state = device.initial_state(200);
  cpu->read(expected, tokens, settings);
  device.read(state, tokens, settings);
  CHECK(state.counters() == expected.counters());
  CHECK(largest_difference(numbers_of(state), numbers_of(expected)) < agreement);
}

TEST_CASE(
    "settings mean the same: carry off, another temperature, a chunk length changed on the way, a chunk ended by "
    "hand") {
  const Carry carry = GENERATE(Carry::delta, Carry::linear, Carry::vector, Carry::none);
  CAPTURE(to_string(carry));
  const auto weights = random_weights(tiny_config(carry), 9);
  const auto tokens = random_tokens(weights->config(), 100);
  const auto run = [&](Executor& executor) {
    StreamSettings settings{.chunk_length = 16, .carry = false, .gate_temperature = 0.8F};
    ChainState state = executor.initial_state(16);
    const std::span<const Token> view(tokens);
    executor.read(state, view.first(40), settings);
    settings = {.chunk_length = 32};
    executor.read(state, view.subspan(40, 30), settings);
    CHECK(state.counters().chunk_length == 32);
    executor.end_chunk(state);
    CHECK(state.counters().position == 0);
    executor.end_chunk(state);
    executor.read(state, view.subspan(70), {.chunk_length = 8});
    return state;
  };
  const auto cpu = make_executor(weights, {});
  CudaExecutor device(weights, {.device = Device::cuda});
  const ChainState expected = run(*cpu), state = run(device);
  CHECK(state.counters() == expected.counters());
  CHECK(largest_difference(numbers_of(state), numbers_of(expected)) < agreement);
  CHECK(largest_difference(logits_of(device, state), logits_of(*cpu, expected)) < agreement);
}

TEST_CASE(
    "the device writes what the CPU would: the likeliest token each time, over chunk boundaries, without the host") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector);
  CAPTURE(to_string(carry));
  const auto weights = random_weights(tiny_config(carry), 13);
  const auto prompt = random_tokens(weights->config(), 11);
  const StreamSettings before{.chunk_length = 16}, settings{.chunk_length = 8};
  const auto cpu = make_executor(weights, {});
  CudaExecutor device(weights, {.device = Device::cuda});
  ChainState expected = cpu->initial_state(16), state = device.initial_state(16);
  cpu->read(expected, prompt, before);
  device.read(state, prompt, before);
  std::vector<Token> written(40), wanted;
  device.generate(state, written, {}, settings);
  for (std::size_t i = 0; i < written.size(); ++i) {
    const auto logits = logits_of(*cpu, expected);
    wanted.push_back(static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    cpu->read(expected, {&wanted.back(), 1}, settings);
  }
  CHECK(written == wanted);
  CHECK(state.counters() == expected.counters());
  CHECK(largest_difference(numbers_of(state), numbers_of(expected)) < agreement);
}

TEST_CASE("tokens are drawn as often as they are likely, and from the likeliest only") {
  ModelConfig config = tiny_config(Carry::none, 8);
  config.layers = 1;
  const auto weights = random_weights(config, 17);
  CudaExecutor device(weights, {.device = Device::cuda});
  ChainState start = device.initial_state(16);
  device.read(start, random_tokens(config, 3), {.chunk_length = 16});
  const auto logits = logits_of(device, start);
  const float temperature = 1.5F, top_p = GENERATE(1.0F, 0.6F);
  CAPTURE(top_p);
  // What model/text/sampling.h draws from.
  std::vector<std::pair<double, Token>> likely;
  double total = 0, kept = 0;
  for (Token i = 0; i < 8; ++i) {
    likely.emplace_back(std::exp(logits[static_cast<std::size_t>(i)] / temperature), i);
    total += likely.back().first;
  }
  std::sort(likely.rbegin(), likely.rend());
  std::vector<double> expected(8);
  for (const auto& [weight, token] : likely) {
    if (kept >= top_p * total) break;
    expected[static_cast<std::size_t>(token)] = weight;
    kept += weight;
  }
  constexpr int draws = 200;
  std::vector<double> seen(8);
  for (int i = 0; i < draws; ++i) {
    ChainState state = start;
    Token token = 0;
    device.generate(state, {&token, 1}, {temperature, top_p, static_cast<std::uint64_t>(i)}, {.chunk_length = 16});
    seen[static_cast<std::size_t>(token)] += 1.0 / draws;
  }
  for (std::size_t i = 0; i < 8; ++i) {
    const double likelihood = expected[i] / kept;
    CAPTURE(i, likelihood);
    if (likelihood == 0) CHECK(seen[i] == 0);
    CHECK(std::abs(seen[i] - likelihood) < 4 * std::sqrt(likelihood * (1 - likelihood) / draws) + 1e-3);
  }
}
