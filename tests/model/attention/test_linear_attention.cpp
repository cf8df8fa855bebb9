// The systems that carry a memory, each against a plain loop over tokens in float64.
#include <torch/csrc/autograd/autograd.h>

#include "lab_fixture.h"
#include "model/attention/importance_memory.h"
#include "model/attention/linear_attention.h"
#include "tests/model/tracker/gradients.h"

using namespace catena::test;
using namespace catena::model;

namespace {

Tensor feature(const Tensor& x) { return torch::where(x > 0, x + 1, x.exp()); }

/// Normalised linear attention over q, k, v [B, H, T, D].
Tensor linear_by_hand(const Tensor& q, const Tensor& k, const Tensor& v) {
  Tensor out = torch::zeros_like(v);
  for (std::int64_t i = 0; i < q.size(2); ++i) {
    Tensor total = torch::zeros_like(v.select(2, 0)), sum = total.slice(2, 0, 1).clone();
    for (std::int64_t j = 0; j <= i; ++j) {
      const Tensor weight = (feature(q.select(2, i)) * feature(k.select(2, j))).sum(2, true);
      sum = sum + weight;
      total = total + weight * v.select(2, j);
    }
    out.select(2, i).copy_(total / sum);
  }
  return out;
}

}  // namespace

TEST_CASE(
    "a linear memory is S <- a S + k v^T, o = S^T q, with gradients, for odd lengths and values of another width") {
  for (const std::int64_t length : {1, 3, 64, 130}) {
    INFO("length " << length);
    torch::manual_seed(5);
    const Inputs in{torch::randn({2, length, 4}), torch::randn({2, length, 4}), torch::randn({2, length, 3}),
                    -torch::rand({2, length}), torch::randn({2, 4, 3})};
    const auto by_hand = [length](const Inputs& x, bool gated) {
      Tensor s = x.size() > 4 ? x[4] : torch::zeros({2, 4, 3}, torch::kDouble);
      std::vector<Tensor> outputs;
      for (std::int64_t t = 0; t < length; ++t) {
        if (gated) s = s * x[3].select(1, t).exp().view({2, 1, 1});
        s = s + x[1].select(1, t).unsqueeze(2) * x[2].select(1, t).unsqueeze(1);
        outputs.push_back((s * x[0].select(1, t).unsqueeze(2)).sum(1));
      }
      return torch::stack(outputs, 1);
    };
    check_same([](const Inputs& x) { return linear_memory(x[0], x[1], x[2], x[3], x[4]).first; },
               [&](const Inputs& x) { return by_hand(x, true); }, in);
    // Without a gate the gate's place takes no gradient, and the others take theirs.
    check_same([](const Inputs& x) { return linear_memory(x[0], x[1], x[2], {}, x[4]).first; },
               [&](const Inputs& x) { return by_hand(x, false); }, in);
    const Inputs stateless(in.begin(), in.begin() + 4);
    check_same([](const Inputs& x) { return linear_memory(x[0], x[1], x[2], x[3]).first; },
               [&](const Inputs& x) { return by_hand(x, true); }, stateless);
  }
}

TEST_CASE(
    "a linear memory whose gate or state is absent gives as many gradients as with them: none at an absent one's "
    "place") {
  torch::manual_seed(5);
  for (const std::int64_t length : {1, 2, 64, 130}) {
    for (const bool gated : {false, true}) {
      for (const bool started : {false, true}) {
        INFO("length " << length << ", gate " << gated << ", state " << started);
        Inputs in{torch::randn({3, length, 4}), torch::randn({3, length, 4}), torch::randn({3, length, 5}),
                  -torch::rand({3, length}), torch::randn({3, 4, 5})};
        for (Tensor& x : in) x.requires_grad_();
        const auto [o, after] =
            linear_memory(in[0], in[1], in[2], gated ? in[3] : Tensor(), started ? in[4] : Tensor());
        CHECK(o.sizes() == torch::IntArrayRef({3, length, 5}));
        CHECK(after.sizes() == in[4].sizes());
        const auto gradients =
            torch::autograd::grad({o.square().sum() + after.square().sum()}, in, {}, false, false, true);
        REQUIRE(gradients.size() == in.size());
        for (std::size_t i = 0; i < in.size(); ++i) {
          const bool present = i < 3 || (i == 3 ? gated : started);
          INFO("input " << i);
          REQUIRE(gradients[i].defined() == present);
          if (present) CHECK(gradients[i].sizes() == in[i].sizes());
          if (present && (i != 3 || length > 1 || started)) CHECK(gradients[i].abs().sum().item<float>() > 0);
        }
        // Absent means nothing forgotten and nothing known.
        const auto [same, same_after] = linear_memory(in[0], in[1], in[2], gated ? in[3] : torch::zeros({3, length}),
                                                      started ? in[4] : torch::zeros({3, 4, 5}));
        CHECK(torch::equal(same, o));
        CHECK(torch::equal(same_after, after));
      }
    }
  }
}

TEST_CASE("linear attention equals a plain loop") {
  for (const std::int64_t length : {1, 5, 70}) {
    const Lab lab(small_config("linear"));
    const Tensor x = input(2, length);
    const auto parts = lab.qkv(x);
    CHECK(relative_error(lab.mixer->forward(x), lab.result(linear_by_hand(parts[0], parts[1], parts[2]))) < 1e-5);
  }
}

TEST_CASE("gated linear attention and the gated delta rule equal a plain loop") {
  const std::string system = GENERATE("gated-linear", "delta");
  for (const std::int64_t length : {1, 5, 70}) {
    INFO(system << ", length " << length);
    const Lab lab(small_config(system));
    const Tensor x = input(2, length), wide = x.to(torch::kDouble);
    const auto parts = lab.qkv(x);
    const auto unit = [](const Tensor& y) { return y / (y.square().sum(-1, true) + 1e-6).sqrt(); };
    const bool delta = system == "delta";
    const Tensor q = delta ? unit(parts[0]) : parts[0] / 2, k = delta ? unit(parts[1]) : parts[1];
    const Tensor decay = torch::einsum("btd,hd->bht", {wide, lab.parameter("decay.weight")}) +
                         lab.parameter("decay.bias").view({1, 2, 1});
    const Tensor a = 1 / (1 + decay.exp());  // exp(-softplus)
    const Tensor b = delta ? torch::sigmoid(torch::einsum("btd,hd->bht", {wide, lab.parameter("importance.weight")}))
                           : torch::ones_like(a);
    Tensor s = torch::zeros({2, 2, 4, 4}, torch::kDouble), o = torch::zeros_like(parts[2]);
    for (std::int64_t t = 0; t < length; ++t) {
      s = s * a.select(2, t).view({2, 2, 1, 1});
      const Tensor key = k.select(2, t).unsqueeze(3);
      const Tensor known = delta ? (key * s).sum(2, true) : torch::zeros({2, 2, 1, 4}, torch::kDouble);
      s = s + b.select(2, t).view({2, 2, 1, 1}) * key * (parts[2].select(2, t).unsqueeze(2) - known);
      const Tensor read = (s * q.select(2, t).unsqueeze(3)).sum(2);
      o.select(2, t).copy_(read / (read.square().mean(-1, true) + 1e-5).sqrt());
    }
    CHECK(relative_error(lab.mixer->forward(x), lab.result(o)) < 1e-4);
  }
}

TEST_CASE("the importance gate decides how much of the memory a token uses beside its chunk") {
  const Lab lab(small_config("importance"));
  const Tensor x = input(2, 11), wide = x.to(torch::kDouble);
  const auto parts = lab.qkv(x);
  const Tensor local = attention_by_hand(rotated(parts[0], 4), rotated(parts[1], 4), parts[2],
                                         [](std::int64_t i, std::int64_t j) { return i / 4 == j / 4 && j <= i; });
  Tensor hidden = torch::einsum("btd,ed->bte", {wide, lab.parameter("importance.in.weight")});
  hidden = hidden / (1 + (-hidden).exp());
  const Tensor score =
      1 / (1 + (-torch::einsum("bte,oe->bto", {hidden, lab.parameter("importance.out.weight")}) / 0.5).exp());
  const Tensor o = local + score.unsqueeze(1) * linear_by_hand(parts[0], parts[1], parts[2]);
  CHECK(relative_error(lab.mixer->forward(x), lab.result(o)) < 1e-5);
  const auto& importance = dynamic_cast<const ImportanceMemory&>(*lab.mixer);
  CHECK(relative_error(importance.score(x), score) < 1e-5);
}

TEST_CASE("pyramid memory sees its chunk and the means of whole groups before it") {
  SystemConfig config = small_config("pyramid");
  config.chunk = 6;  // groups of 4 end inside chunks
  const Lab lab(config);
  const std::int64_t length = 45;
  const Tensor x = input(1, length);
  const auto parts = lab.qkv(x);
  Tensor o = torch::zeros_like(parts[2]);
  for (std::int64_t i = 0; i < length; ++i) {
    const std::int64_t start = i / 6 * 6;
    std::vector<Tensor> scores, values;
    for (const std::int64_t group : {4, 16}) {
      for (std::int64_t g = std::max<std::int64_t>(0, start / group - 32); g < start / group; ++g) {
        scores.push_back((parts[0].select(2, i) * parts[1].slice(2, g * group, (g + 1) * group).mean(2)).sum(2));
        values.push_back(parts[2].slice(2, g * group, (g + 1) * group).mean(2));
      }
    }
    for (std::int64_t j = start; j <= i; ++j) {
      scores.push_back((rotated(parts[0], 6).select(2, i) * rotated(parts[1], 6).select(2, j)).sum(2));
      values.push_back(parts[2].select(2, j));
    }
    const Tensor p = torch::softmax(torch::stack(scores, 2) / 2.0, 2);
    o.select(2, i).copy_((p.unsqueeze(3) * torch::stack(values, 2)).sum(2));
  }
  CHECK(relative_error(lab.mixer->forward(x), lab.result(o)) < 1e-5);
}

TEST_CASE("paired regression adds the regression vector of the chunk before to every token of the next") {
  const Lab lab(small_config("paired-regression"));
  const Tensor x = input(2, 14);
  Tensor r = torch::zeros({2, 8}, torch::kDouble);
  std::vector<Tensor> outputs;
  for (std::int64_t c = 0; c * 4 < 14; ++c) {
    const Tensor u = x.slice(1, 4 * c, std::min<std::int64_t>(14, 4 * c + 4)).to(torch::kDouble) + r.unsqueeze(1);
    const auto parts = lab.qkv(u);
    const Tensor y = lab.result(attention_by_hand(rotated(parts[0], 4), rotated(parts[1], 4), parts[2],
                                                  [](std::int64_t i, std::int64_t j) { return j <= i; }));
    outputs.push_back(y);
    const Tensor last = y.select(1, -1);
    r = torch::tanh((last.unsqueeze(1) * lab.parameter("regression.weight")).sum(2)) + 0.3 * r;
    if (c % 2 == 1) r = (r - r.mean(1, true)) / ((r - r.mean(1, true)).square().mean(1, true) + 1e-5).sqrt();
  }
  CHECK(relative_error(lab.mixer->forward(x), torch::cat(outputs, 1)) < 1e-5);
}
