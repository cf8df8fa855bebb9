// Three implementations of the same equations must agree: training form, LibTorch streaming form, native runtime.
#include <random>

#include "gradients.h"
#include "model/carried_over.h"
#include "model/executor.h"
#include "model/tracker/linear.h"
#include "model/tracker/torch_executor.h"
#include "model/tracker/tracker.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;
using torch::Tensor;

namespace {

std::vector<Token> random_tokens(std::size_t count, int vocab, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < count; ++i) tokens.push_back(static_cast<Token>(random() % static_cast<unsigned>(vocab)));
  return tokens;
}

Parameters parameters_of(const Weights& weights) {
  Parameters parameters(weights.config(), torch::kCPU, torch::kFloat);
  const torch::NoGradGuard no_grad;
  for (const TensorSpec& spec : tensor_specs(weights.config())) {
    std::vector<float> values = weights.to_float(spec.name);
    parameters.master(spec.name).data().copy_(torch::from_blob(values.data(), spec.shape, torch::kFloat));
  }
  return parameters;
}

std::vector<float> scored(Executor& executor, std::span<const Token> tokens, const StreamSettings& settings,
                          std::size_t piece) {
  ChainState state = executor.initial_state(settings.chunk_length);
  std::vector<float> nll(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); i += piece) {
    const std::size_t n = std::min(piece, tokens.size() - i);
    executor.score(state, tokens.subspan(i, n), settings, std::span(nll).subspan(i, n));
  }
  return nll;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, static_cast<double>(std::abs(a[i] - b[i])));
  return largest;
}

}  // namespace

TEST_CASE("training form, LibTorch streaming form and native runtime give the same likelihoods") {
  const ModelConfig config = GENERATE(from_range(tiny_configs()));
  INFO(config.name);
  const auto weights = random_weights(config, 5);
  const std::vector<Token> tokens = random_tokens(161, weights->config().vocab, 6);
  StreamSettings settings;
  settings.chunk_length = 32;

  const auto native = make_executor(weights, {});
  const auto eager = make_torch_executor(weights, {});
  const std::vector<float> a = scored(*native, tokens, settings, tokens.size());
  CHECK(largest_difference(a, scored(*eager, tokens, settings, tokens.size())) < 1e-4);
  CHECK(largest_difference(a, scored(*eager, tokens, settings, 7)) < 1e-4);

  const Parameters parameters = parameters_of(*weights);
  const Tracker tracker(parameters);
  SegmentState state = tracker.initial_state(1);
  const Tensor all = torch::tensor(std::vector<std::int64_t>(tokens.begin(), tokens.end())).view({1, -1});
  const torch::NoGradGuard no_grad;
  std::vector<float> trained;
  for (std::int64_t begin = 0; begin + 1 < all.size(1); begin += 64) {  // segments of two chunks, state handed over
    const std::int64_t end = std::min(all.size(1) - 1, begin + 64);
    const Tensor y = tracker.forward(all.slice(1, begin, end), 32, state);
    const Tensor nll = head_nll(y, parameters["embed.weight"], all.slice(1, begin + 1, end + 1).reshape({-1}));
    trained.insert(trained.end(), nll.data_ptr<float>(), nll.data_ptr<float>() + nll.numel());
  }
  CHECK(largest_difference(std::vector<float>(a.begin() + 1, a.end()), trained) < 1e-4);
}

TEST_CASE("LibTorch refuses 8-bit weights in one line that says what to choose") {
  const auto weights = random_weights(tiny_config(Carry::delta), 7);
  CHECK_THROWS_WITH(make_torch_executor(weights, {.precision = Precision::int8}),
                    "precision 'int8' is not available here: it is for the CPU runtime; choose bfloat16 or float32");
  CHECK_NOTHROW(make_torch_executor(weights, {.precision = Precision::bfloat16}));
}

TEST_CASE("a stream can move from the native runtime to LibTorch and back between any two tokens") {
  const auto weights = random_weights(tiny_config(Carry::delta), 7);
  const std::vector<Token> tokens = random_tokens(90, weights->config().vocab, 8);
  StreamSettings settings;
  settings.chunk_length = 32;
  const auto native = make_executor(weights, {});
  const auto eager = make_torch_executor(weights, {});
  const std::vector<float> expected = scored(*native, tokens, settings, tokens.size());

  const std::span<const Token> view(tokens);
  std::vector<float> nll(tokens.size());
  ChainState a = native->initial_state(32);
  native->score(a, view.first(41), settings, std::span(nll).first(41));
  ChainState b = carried_over(a, *eager);
  eager->score(b, view.subspan(41, 20), settings, std::span(nll).subspan(41, 20));
  ChainState c = carried_over(b, *native);
  native->score(c, view.subspan(61), settings, std::span(nll).subspan(61));
  CHECK(largest_difference(nll, expected) < 1e-4);
}

TEST_CASE(
    "settings mean the same in both implementations: carry off, another temperature, a chunk length changed on the "
    "way") {
  const auto weights = random_weights(tiny_config(Carry::delta), 9);
  const std::vector<Token> tokens = random_tokens(100, weights->config().vocab, 10);
  const auto run = [&](Executor& executor) {
    StreamSettings settings;
    settings.chunk_length = 16;
    settings.carry = false;
    settings.gate_temperature = 0.8F;
    ChainState state = executor.initial_state(16);
    std::vector<float> nll(tokens.size());
    executor.score(state, std::span(tokens).first(40), settings, std::span(nll).first(40));
    settings.chunk_length = 32;
    settings.carry = true;
    executor.score(state, std::span(tokens).subspan(40, 30), settings, std::span(nll).subspan(40, 30));
    executor.end_chunk(state);
    executor.score(state, std::span(tokens).subspan(70), settings, std::span(nll).subspan(70));
    return nll;
  };
  CHECK(largest_difference(run(*make_executor(weights, {})), run(*make_torch_executor(weights, {}))) < 1e-4);
}
