#include "model/train/comparison.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

#include "model/tracker/linear.h"
#include "model/tracker/parameters.h"
#include "model/tracker/tracker.h"

namespace catena::model {

struct LoadedModel::Tensors {
  explicit Tensors(const ModelConfig& config) : parameters(config, torch::kCPU, torch::kFloat), tracker(parameters) {}
  Parameters parameters;
  Tracker tracker;
};

namespace {

using torch::Tensor;

constexpr std::int64_t kSegment = 1024;  // read at once
constexpr std::int64_t kName = 4, kValue = 4;  // tokens

Tensor to_tensor(std::span<const std::uint16_t> tokens) {
  Tensor result = torch::empty({static_cast<std::int64_t>(tokens.size())}, torch::kLong);
  std::copy(tokens.begin(), tokens.end(), result.data_ptr<std::int64_t>());
  return result;
}

/// -ln p of each token behind the first, [B, T - 1], of streams that begin cleared. tokens [B, T].
Tensor read_and_score(const LoadedModel& model, const Tensor& tokens) {
  const auto& [parameters, tracker] = model.tensors();
  const torch::NoGradGuard no_grad;
  SegmentState state = tracker.initial_state(tokens.size(0));
  const std::int64_t chunk = model.config().chunk_length;
  std::vector<Tensor> parts;
  for (std::int64_t begin = 0; begin + 1 < tokens.size(1); begin += kSegment) {
    const std::int64_t end = std::min(tokens.size(1) - 1, begin + kSegment);
    const Tensor y = tracker.forward(tokens.slice(1, begin, end), chunk, state);
    parts.push_back(head_nll(y, parameters["embed.weight"], tokens.slice(1, begin + 1, end + 1).reshape({-1}))
                        .view({tokens.size(0), end - begin}));
  }
  return torch::cat(parts, 1);
}

/// Tokens that words are made of: not the control tokens and bytes at the vocabulary's beginning, nor its rare end.
std::vector<std::uint16_t> random_words(std::mt19937_64& random, std::int64_t count, int vocab) {
  std::uniform_int_distribution<int> draw(std::min(300, vocab / 2), vocab * 3 / 4);
  std::vector<std::uint16_t> words;
  for (std::int64_t i = 0; i < count; ++i) words.push_back(static_cast<std::uint16_t>(draw(random)));
  return words;
}

}  // namespace

LoadedModel::LoadedModel(const std::filesystem::path& folder) : config_(ModelConfig::load(folder / "config.json")) {
  auto tensors = std::make_unique<Tensors>(config_);
  tensors->parameters.load(folder / "model.safetensors");
  tensors_ = std::move(tensors);
}

LoadedModel::~LoadedModel() = default;

Evaluation score_by_position(const LoadedModel& model, const TokenFile& file, std::int64_t streams,
                             std::int64_t length) {
  const auto tokens = file.tokens();
  const std::int64_t stride = static_cast<std::int64_t>(tokens.size()) / streams;
  if (stride < 2) throw std::runtime_error("the token file is too short for " + std::to_string(streams) + " streams");
  const std::int64_t read = std::min(length + 1, stride);
  Evaluation result;
  for (std::int64_t s = 0; s < streams; ++s) {
    const auto part = tokens.subspan(static_cast<std::size_t>(s * stride), static_cast<std::size_t>(read));
    const Tensor nll = read_and_score(model, to_tensor(part).unsqueeze(0)).contiguous();
    for (std::int64_t i = 0; i + 1 < read; ++i) {
      result.add(i, file.lengths()[part[static_cast<std::size_t>(i + 1)]], nll.data_ptr<float>()[i]);
    }
  }
  return result;
}

std::vector<RecallPoint> recall_by_distance(const LoadedModel& model, const TokenFile& file,
                                            std::span<const std::int64_t> distances, int pairs, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::int64_t longest = *std::max_element(distances.begin(), distances.end());
  // Where names are defined and asked for. Definitions are spread over the stream's beginning, so that queries fall
  // apart too.
  struct Pair {
    std::size_t point;
    std::int64_t defined, asked;
    std::vector<std::uint16_t> tokens;
  };
  std::vector<Pair> all;
  const std::int64_t gap = 8 * (kName + kValue);
  for (std::size_t d = 0; d < distances.size(); ++d) {
    for (int i = 0; i < pairs; ++i) {
      const std::int64_t at = 256 + (static_cast<std::int64_t>(d) * pairs + i) * gap;
      all.push_back(
          {d, at, at + kName + kValue + distances[d], random_words(random, kName + kValue, model.config().vocab)});
    }
  }
  const std::int64_t length = all.back().defined + longest + gap;
  const auto filler = file.tokens();
  std::vector<std::uint16_t> stream;
  for (std::int64_t i = 0; i < length; ++i) stream.push_back(filler[static_cast<std::size_t>(i) % filler.size()]);
  const auto put = [&](const Pair& pair, std::int64_t at) {
    std::copy(pair.tokens.begin(), pair.tokens.end(), stream.begin() + at);
  };
  for (const Pair& pair : all) put(pair, pair.asked);
  for (const Pair& pair : all) put(pair, pair.defined);  // a definition that meets another's question is whole
  const Tensor nll = read_and_score(model, to_tensor(stream).unsqueeze(0)).contiguous();
  std::vector<RecallPoint> points(distances.size());
  std::vector<double> counted(distances.size());
  for (const Pair& pair : all) {
    const bool whole = std::equal(pair.tokens.begin(), pair.tokens.end(), stream.begin() + pair.asked);
    if (!whole) continue;
    RecallPoint& point = points[pair.point];
    for (std::int64_t i = kName; i < kName + kValue; ++i) {
      point.unseen_nll += nll.data_ptr<float>()[pair.defined + i - 1];
      const float again = nll.data_ptr<float>()[pair.asked + i - 1];
      point.recalled_nll += again;
      point.recalled += again < std::log(2.0F) ? 1 : 0;
      counted[pair.point] += 1;
    }
  }
  for (std::size_t d = 0; d < points.size(); ++d) {
    points[d].distance = distances[d];
    points[d].unseen_nll /= counted[d];
    points[d].recalled_nll /= counted[d];
    points[d].recalled /= counted[d];
  }
  return points;
}

std::vector<double> gradient_by_distance(const LoadedModel& model, const TokenFile& file, std::int64_t chunk,
                                         std::int64_t chunks, int segments) {
  const auto& [parameters, tracker] = model.tensors();
  const auto tokens = file.tokens();
  const std::int64_t length = chunk * chunks;
  std::vector<double> sums(static_cast<std::size_t>(chunks));
  for (int s = 0; s < segments; ++s) {
    const std::size_t begin = (tokens.size() - static_cast<std::size_t>(length) - 1) /
                              static_cast<std::size_t>(segments) * static_cast<std::size_t>(s);
    const Tensor part = to_tensor(tokens.subspan(begin, static_cast<std::size_t>(length + 1))).unsqueeze(0);
    SegmentState state = tracker.initial_state(1);
    const Tensor x = tracker.embed(part.slice(1, 0, length)).detach().requires_grad_();
    const Tensor y = tracker.forward_embedded(x, 1, chunk, state);
    head_loss(y.slice(0, length - chunk), parameters["embed.weight"], part.slice(1, length - chunk + 1).reshape({-1}))
        .backward();
    const Tensor norms = x.grad().view({chunks, -1}).norm(2, 1).to(torch::kDouble).contiguous();
    const double own = norms[chunks - 1].item<double>();
    for (std::int64_t c = 0; c < chunks; ++c)
      sums[static_cast<std::size_t>(c)] += norms[chunks - 1 - c].item<double>() / own / segments;
  }
  return sums;
}

}  // namespace catena::model
