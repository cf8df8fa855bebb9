// How far gradients reach back through the chain, and what is differentiated.
#include "gradients.h"
#include "model/tracker/delta_rule.h"
#include "model/tracker/paired_regression.h"
#include "model/tracker/recompute.h"
#include "model/tracker/tracker.h"
#include "model/train/next_chunk_loss.h"
#include "tests/model/tiny_model.h"

using catena::test::check_same;
using catena::test::Inputs;
using catena::test::relative_error;
using namespace catena::model;
using namespace catena::model::test;
using torch::Tensor;

namespace {

/// Gradients of the mean loss of `tokens` [B, T + 1] read in `segments` equal parts: in one way back over all of them,
/// or in one after each.
Tensor gradients(Carry carry, const WayBack& way_back, const Tensor& tokens, int segments, std::int64_t chunk,
                 bool together) {
  Parameters parameters(tiny_config(carry), torch::kCPU, torch::kFloat);
  parameters.initialise(4);
  const Tracker tracker(parameters, way_back);
  SegmentState state = tracker.initial_state(tokens.size(0));
  const std::int64_t length = (tokens.size(1) - 1) / segments;
  Tensor sum = torch::zeros({});
  for (std::int64_t begin = 0; begin < segments * length; begin += length) {
    const Tensor y = tracker.forward(tokens.slice(1, begin, begin + length), chunk, state);
    const Tensor loss =
        head_loss(y, parameters["embed.weight"], tokens.slice(1, begin + 1, begin + length + 1).reshape({-1})) /
        segments;
    if (together) {
      sum = sum + loss;
    } else {
      loss.backward();
    }
  }
  if (together) sum.backward();
  return parameters.gradients().clone();
}

Tensor some_tokens(std::int64_t length) {
  torch::manual_seed(15);
  return torch::randint(tiny_config(Carry::delta).vocab, {2, length + 1}, torch::kLong);
}

}  // namespace

TEST_CASE("what is computed again a few rows at a time gives the results and gradients of all rows at once") {
  torch::manual_seed(21);
  const Tensor shared = torch::randn({5, 3}, torch::requires_grad());
  const Inputs inputs = {torch::randn({7, 4, 5}), torch::randn({7, 3}), torch::randn({7, 2})};
  const auto body = [&](const Inputs& x) {
    return Inputs{torch::tanh(x[0].matmul(shared)) * x[1].unsqueeze(1), x[1].exp() + x[2].sum(1, true)};
  };
  const auto run = [&](std::int64_t rows) {
    Inputs leaves;
    for (const Tensor& input : inputs) leaves.push_back(input.clone().requires_grad_(leaves.size() < 2));
    shared.mutable_grad() = Tensor();
    const Inputs outputs = rows < 0 ? body(leaves) : recompute(body, leaves, rows);
    (outputs[0].square().sum() + outputs[1].square().sum()).backward();
    CHECK_FALSE(leaves[2].grad().defined());
    return Inputs{outputs[0].detach(), outputs[1].detach(), leaves[0].grad(), leaves[1].grad(), shared.grad()};
  };
  const Inputs expected = run(-1);
  for (const std::int64_t rows : {0, 1, 3, 7, 9}) {
    INFO(rows << " rows at a time");
    const Inputs result = run(rows);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(relative_error(result[i], expected[i]) < 1e-6);
  }
}

TEST_CASE("two segments in one way back have the gradients of one of twice the length, for every carry") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  const bool recompute = GENERATE(false, true);
  const Tensor tokens = some_tokens(128);
  const WayBack attached{.recompute = recompute, .across_segments = true};
  const Tensor whole = gradients(carry, {}, tokens, 1, 32, true),
               halves = gradients(carry, attached, tokens, 2, 32, true);
  CHECK(relative_error(halves, whole) < 1e-4);
  if (carry == Carry::none) return;
  const Tensor cut = gradients(carry, {}, tokens, 2, 32, true);
  CHECK(relative_error(cut, whole) > 1e-3);  // the state does carry some
}

TEST_CASE("cut at the chunk bounds, a segment has the gradients of a loop over its chunks") {
  const bool recompute = GENERATE(false, true);
  const std::int64_t chunk = GENERATE(16, 24, 96);  // within a block, across blocks, the whole
  const Tensor tokens = some_tokens(192);
  const Tensor loop = gradients(Carry::delta, {}, tokens, static_cast<int>(192 / chunk), chunk, false);
  CHECK(relative_error(
            gradients(Carry::delta, {.recompute = recompute, .across_chunks = false}, tokens, 1, chunk, true), loop) <
        1e-4);
}

TEST_CASE("the delta rule cut every few tokens equals its recurrent form cut there, with all gradients") {
  torch::manual_seed(7);
  const auto unit = [](const Tensor& x) { return x / x.norm(2, -1, true); };
  for (const std::int64_t truncate : {16, 48, 64, 96, 128}) {
    INFO("every " << truncate);
    const auto joined = [&](const Inputs& x, auto rule) {
      const DeltaOutputs y = rule(DeltaInputs{x[0], x[1], x[2], x[3], x[4], x[5], true, truncate});
      return torch::cat({y.first.flatten(), y.second.flatten()});
    };
    check_same([&](const Inputs& x) { return joined(x, delta_rule_chunked); },
               [&](const Inputs& x) { return joined(x, delta_rule_recurrent); },
               {unit(torch::randn({2, 150, 8})), unit(torch::randn({2, 150, 8})), torch::randn({2, 150, 8}),
                -torch::rand({2, 150}) * 0.3, torch::rand({2, 150}) * 0.9 + 0.05, torch::randn({2, 8, 8})},
               3e-5);
  }
}

TEST_CASE("the regression vector cut at the chunk bounds equals a loop with everything before a chunk detached") {
  torch::manual_seed(8);
  const ChunkAttention attention = [](const Tensor& x) { return torch::tanh(x); };
  const auto weights = [](const Inputs& x) {
    PairedRegressionWeights w;
    w.regression_weight = x[1];
    w.regression_bias = x[2];
    w.norm_weight = x[3];
    w.norm_bias = x[4];
    return w;
  };
  const auto cut = [&](const Inputs& x) {
    return paired_regression(x[0], torch::zeros({2, 6}), 4, 0, attention, weights(x), true).outputs;
  };
  const auto loop = [&](const Inputs& x) {
    Tensor r = torch::zeros({2, 6}, torch::kDouble);
    std::vector<Tensor> outputs;
    for (std::int64_t c = 0; c < 5; ++c) {
      outputs.push_back(attention(x[0].slice(1, 4 * c, 4 * c + 4) + r.unsqueeze(1)));
      const Tensor step =
          torch::tanh(torch::linear(outputs.back().select(1, 3).detach(), x[1], x[2])) + 0.3 * r.detach();
      r = c % 2 == 0 ? step : torch::layer_norm(step, {6}, x[3], x[4], 1e-5);
    }
    return torch::cat(outputs, 1);
  };
  torch::manual_seed(9);
  const Inputs inputs{torch::randn({2, 20, 6}), torch::randn({6, 6}), torch::randn({6}), torch::rand({6}),
                      torch::randn({6})};
  Inputs x, reference;
  for (const Tensor& input : inputs) {
    x.push_back(input.clone().requires_grad_());
    reference.push_back(input.to(torch::kDouble).requires_grad_());
  }
  cut(x).square().sum().backward();
  loop(reference).square().sum().backward();
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(relative_error(x[i].grad(), reference[i].grad()) < 1e-4);
}

TEST_CASE(
    "the next chunk's tokens are predicted as a set: mean cross entropy, with gradients for the output and the "
    "embedding") {
  torch::manual_seed(10);
  const Tensor tokens = torch::randint(7, {2, 12}, torch::kLong);
  const auto loss = [&](const Inputs& x) { return next_chunk_loss(x[0], {x[1], x[1]}, tokens, 4).view({1}); };
  const auto definition = [&](const Inputs& x) {
    Tensor sum = torch::zeros({1}, torch::kDouble);
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t c = 0; c < 2; ++c) {
        const Tensor log_p = torch::log_softmax(x[1].mv(x[0][b * 12 + 4 * c + 3]), 0);
        for (std::int64_t t = 4 * c + 4; t < 4 * c + 8; ++t) sum = sum - log_p[tokens[b][t].item<std::int64_t>()] / 16;
      }
    }
    return sum;
  };
  check_same(loss, definition, {torch::randn({24, 5}), torch::randn({7, 5})});
  const Tensor y = torch::randn({24, 5}), embedding = torch::randn({7, 5});
  CHECK(next_chunk_loss(y, {embedding, embedding}, tokens, 12).item<float>() == 0);  // no chunk follows
}

TEST_CASE("a loss scale reaches everything that the head differentiates on the way forward") {
  torch::manual_seed(11);
  const Tensor targets = torch::randint(9, {20}, torch::kLong);
  const auto run = [&](double scale) {
    torch::manual_seed(12);
    const Tensor x = torch::randn({20, 5}).requires_grad_(), w = torch::randn({9, 5}).requires_grad_();
    (head_loss(x, {w, w}, targets) * scale).backward();
    return std::pair(x.grad(), w.grad());
  };
  const auto [x1, w1] = run(1);
  const auto [x2, w2] = run(65536);
  CHECK(torch::equal(x2, x1 * 65536));
  CHECK(torch::equal(w2, w1 * 65536));
}
