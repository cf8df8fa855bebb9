#include <cmath>

#include "gradients.h"
#include "model/tracker/pyramid.h"

using catena::test::relative_error;
using namespace catena::model;
using torch::Tensor;

namespace {

constexpr int heads = 2, width = 4, d = heads * width;

/// One token's view as a plain loop: the summaries of whole groups before its chunk, the last 32 of each level, then
/// its chunk.
Tensor by_hand(const Tensor& qkv, std::int64_t chunk, std::int64_t levels, const Rotary& rotary) {
  const std::int64_t t = qkv.size(1);
  Tensor out = torch::zeros({1, t, d});
  for (std::int64_t i = 0; i < t; ++i) {
    const std::int64_t start = i / chunk * chunk, p = i - start;
    for (std::int64_t h = 0; h < heads; ++h) {
      const auto part = [&](std::int64_t which, std::int64_t from, std::int64_t to) {
        return qkv[0].slice(0, from, to).slice(1, which * d + h * width, which * d + (h + 1) * width);
      };
      const auto rotated = [&](const Tensor& x, std::int64_t position) {
        return rotate(x, {rotary.cos.slice(0, position, position + x.size(0)),
                          rotary.sin.slice(0, position, position + x.size(0))});
      };
      std::vector<Tensor> scores, values;
      const Tensor q = part(0, i, i + 1) / std::sqrt(static_cast<double>(width));
      for (std::int64_t level = 1; level <= levels; ++level) {
        const std::int64_t group = std::int64_t{1} << (2 * level), whole = start / group;
        for (std::int64_t g = std::max<std::int64_t>(0, whole - summaries_a_level); g < whole; ++g) {
          scores.push_back(q.mm(part(1, g * group, (g + 1) * group).mean(0, true).t()));
          values.push_back(part(2, g * group, (g + 1) * group).mean(0, true));
        }
      }
      scores.push_back(rotated(q, p).mm(rotated(part(1, start, i + 1), 0).t()));
      values.push_back(part(2, start, i + 1));
      out[0][i]
          .slice(0, h * width, (h + 1) * width)
          .copy_(torch::softmax(torch::cat(scores, 1), 1).mm(torch::cat(values))[0]);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("pyramid attention equals a plain loop, and a stream cut in segments equals one read at once") {
  torch::manual_seed(20);
  const Rotary rotary = make_rotary(64, width, 10000.0, torch::kCPU);
  const Tensor qkv = torch::randn({1, 320, 3 * d});
  const Tensor expected = by_hand(qkv, 16, 3, rotary);
  Tensor summaries = empty_summaries(1, 3, d, torch::kCPU);
  CHECK(relative_error(pyramid_attention(qkv, heads, 16, rotary, summaries), expected) < 1e-5);
  Tensor cut = empty_summaries(1, 3, d, torch::kCPU);
  const Tensor first = pyramid_attention(qkv.slice(1, 0, 192), heads, 16, rotary, cut);
  const Tensor second = pyramid_attention(qkv.slice(1, 192), heads, 16, rotary, cut);
  CHECK(relative_error(torch::cat({first, second}, 1), expected) < 1e-5);
  CHECK(relative_error(cut, summaries) < 1e-6);
  CHECK(cut.sizes() == empty_summaries(1, 3, d, torch::kCPU).sizes());
}

TEST_CASE("a pyramid over nothing is block attention") {
  torch::manual_seed(21);
  const Rotary rotary = make_rotary(64, width, 10000.0, torch::kCPU);
  const Tensor qkv = torch::randn({2, 21, 3 * d});
  Tensor summaries = empty_summaries(2, 2, d, torch::kCPU);
  CHECK(relative_error(pyramid_attention(qkv, heads, 32, rotary, summaries), chunk_attention(qkv, heads, 32, rotary)) <
        1e-6);
}
