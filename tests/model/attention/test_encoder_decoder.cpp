#include "lab_fixture.h"
#include "model/attention/encoder_decoder.h"
#include "model/tracker/adamw.h"
#include "tests/model/tracker/gradients.h"

using namespace catena::test;
using namespace catena::model;

namespace {

/// Sequences of 1 to 6 letters, filled up, and the same backwards between start and end.
struct Reversals {
  Tensor source, target;
};

Reversals reversals(std::int64_t batch) {
  Reversals task{torch::full({batch, 6}, pad_token, torch::kLong), torch::full({batch, 8}, pad_token, torch::kLong)};
  for (std::int64_t b = 0; b < batch; ++b) {
    const std::int64_t length = torch::randint(1, 7, {1}, torch::kLong).item<std::int64_t>();
    const Tensor letters = torch::randint(3, 9, {length}, torch::kLong);
    task.source[b].slice(0, 0, length).copy_(letters);
    task.target[b][0] = start_token;
    task.target[b].slice(0, 1, length + 1).copy_(letters.flip(0));
    task.target[b][length + 1] = end_token;
  }
  return task;
}

EncoderDecoderConfig small() {
  EncoderDecoderConfig config;
  config.vocab = 9;
  config.width = 32;
  config.heads = 2;
  config.layers = 1;
  config.ffn = 64;
  config.max_length = 8;
  return config;
}

}  // namespace

TEST_CASE("an encoder-decoder learns to write sequences backwards, greedily from start to end") {
  torch::manual_seed(10);
  EncoderDecoder model(small(), 1);
  auto block = model.parameters().pack();
  Tensor m = torch::zeros_like(block.values), v = torch::zeros_like(block.values);
  for (int step = 1; step <= 400; ++step) {
    const Reversals task = reversals(24);
    const Tensor logits = model.forward(task.source, task.target.slice(1, 0, 7));
    const Tensor next = task.target.slice(1, 1), known = (next != pad_token).to(torch::kFloat);
    const Tensor nll = -torch::log_softmax(logits, 2).gather(2, next.unsqueeze(2)).squeeze(2);
    block.gradients.zero_();
    ((nll * known).sum() / known.sum()).backward();
    clip_gradients(block.gradients, 1);
    const torch::NoGradGuard no_grad;
    adamw_step(block.values, block.gradients, m, v, block.decayed, step, 4e-3 * std::min(1.0, (400.0 - step) / 200),
               {});
  }
  const Reversals task = reversals(50);
  const auto written = model.greedy(task.source, 8);
  int right = 0;
  for (std::int64_t b = 0; b < 50; ++b) {
    std::vector<std::int64_t> expected;
    for (std::int64_t i = 1; task.target[b][i].item<std::int64_t>() != end_token; ++i)
      expected.push_back(task.target[b][i].item<std::int64_t>());
    right += written[static_cast<std::size_t>(b)] == expected;
  }
  CHECK(right >= 45);
}

TEST_CASE("filling behind a source changes nothing, and the decoder does not look ahead") {
  torch::manual_seed(11);
  const EncoderDecoder model(small(), 1);
  const torch::NoGradGuard no_grad;
  const Tensor source = torch::tensor({{3, 4, 5}}, torch::kLong), target = torch::tensor({{1, 5, 4, 3}}, torch::kLong);
  const Tensor logits = model.forward(source, target);
  CHECK(relative_error(model.forward(torch::constant_pad_nd(source, {0, 4}), target), logits) < 1e-5);
  Tensor other = target.clone();
  other[0][2] = 7;
  const Tensor changed = model.forward(source, other);
  CHECK(relative_error(changed.slice(1, 0, 2), logits.slice(1, 0, 2)) < 1e-6);
  CHECK(relative_error(changed.slice(1, 2), logits.slice(1, 2)) > 1e-3);
}

TEST_CASE("an encoder-decoder refuses bad settings and tokens in one line") {
  using Catch::Contains;
  const auto made = [](auto change) {
    EncoderDecoderConfig config = small();
    change(config);
    return message_of([&] { EncoderDecoder(config, 1); });
  };
  CHECK_THAT(made([](auto& c) { c.heads = 0; }), Contains("heads is 0"));
  CHECK_THAT(made([](auto& c) { c.heads = 5; }), Contains("divisor of width 32"));
  CHECK_THAT(made([](auto& c) { c.vocab = 3; }), Contains("vocab is 3"));
  const EncoderDecoder model(small(), 1);
  const Tensor fine = torch::ones({1, 2}, torch::kLong);
  CHECK_THAT(message_of([&] {
               model.forward(fine, torch::full({1, 2}, 9, torch::kLong));
             }),
             Contains("target holds a token outside"));
  CHECK_THAT(message_of([&] {
               model.forward(torch::ones({1, 9}, torch::kLong), fine);
             }),
             Contains("source has 9 tokens, more than max_length 8"));
  CHECK_THAT(message_of([&] {
               model.forward(torch::ones({1, 0}, torch::kLong), fine);
             }),
             Contains("neither of them 0"));
}
