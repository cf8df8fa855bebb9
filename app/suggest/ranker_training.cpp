#include "app/suggest/ranker_training.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

namespace catena::app {
namespace {

constexpr std::size_t inputs = word_feature_count, hidden = WordRanker::hidden;
// All numbers of a ranker that are trained, in one row: in, in_bias, out, linear, none.
constexpr std::size_t at_bias = inputs * hidden, at_out = at_bias + hidden, at_linear = at_out + hidden,
                      at_none = at_linear + inputs;
constexpr std::size_t numbers = at_none + WordRanker::typed_classes;
using Numbers = std::vector<double>;

void set(WordRanker& ranker, const Numbers& numbers) {
  for (std::size_t f = 0; f < inputs; ++f) {
    for (std::size_t h = 0; h < hidden; ++h) ranker.in[f][h] = static_cast<float>(numbers[f * hidden + h]);
    ranker.linear[f] = static_cast<float>(numbers[at_linear + f]);
  }
  for (std::size_t h = 0; h < hidden; ++h) {
    ranker.in_bias[h] = static_cast<float>(numbers[at_bias + h]);
    ranker.out[h] = static_cast<float>(numbers[at_out + h]);
  }
  for (std::size_t c = 0; c < WordRanker::typed_classes; ++c) ranker.none[c] = static_cast<float>(numbers[at_none + c]);
}

void normalise(WordRanker& ranker, const std::vector<const RankerExample*>& examples) {
  std::array<double, inputs> sum{}, square{};
  double count = 0;
  for (const RankerExample* example : examples) {
    for (const WordFeatures& row : example->candidates) {
      ++count;
      for (std::size_t f = 0; f < inputs; ++f) {
        sum[f] += static_cast<double>(row[f]);
        square[f] += static_cast<double>(row[f]) * static_cast<double>(row[f]);
      }
    }
  }
  for (std::size_t f = 0; f < inputs; ++f) {
    const double mean = sum[f] / count, variance = std::max(square[f] / count - mean * mean, 0.0);
    ranker.mean[f] = static_cast<float>(mean);
    ranker.scale[f] =
        static_cast<float>(variance > 1e-8 ? 1 / std::sqrt(variance) : 0);  // what never changes says nothing
  }
}

/// Adds the gradient of one example's negative log likelihood.
void differentiate(const WordRanker& ranker, const RankerExample& example, Numbers& gradient) {
  std::vector<double> probabilities(example.candidates.size());
  ranker.judge(example.candidates, example.typed, probabilities);
  double left = 1;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    left -= probabilities[i];
    const double error = probabilities[i] - (static_cast<int>(i) == example.right ? 1 : 0);
    std::array<double, inputs> value;
    std::array<double, hidden> sums;
    for (std::size_t h = 0; h < hidden; ++h) sums[h] = static_cast<double>(ranker.in_bias[h]);
    for (std::size_t f = 0; f < inputs; ++f) {
      value[f] = static_cast<double>((example.candidates[i][f] - ranker.mean[f]) * ranker.scale[f]);
      for (std::size_t h = 0; h < hidden; ++h) sums[h] += value[f] * static_cast<double>(ranker.in[f][h]);
      gradient[at_linear + f] += error * value[f];
    }
    for (std::size_t h = 0; h < hidden; ++h) {
      const double active = std::tanh(sums[h]),
                   inner = error * static_cast<double>(ranker.out[h]) * (1 - active * active);
      gradient[at_out + h] += error * active;
      gradient[at_bias + h] += inner;
      for (std::size_t f = 0; f < inputs; ++f) gradient[f * hidden + h] += inner * value[f];
    }
  }
  gradient[at_none + WordRanker::typed_class(example.typed)] += left - (example.right < 0 ? 1 : 0);
}

}  // namespace

WordRanker train_ranker(const std::vector<const RankerExample*>& all, const RankerTraining& training) {
  std::vector<const RankerExample*> examples;
  std::copy_if(all.begin(), all.end(), std::back_inserter(examples),
               [](const RankerExample* example) { return !example->candidates.empty(); });
  if (examples.size() < training.batch)
    throw std::runtime_error("training a word ranker: too few places where a word came");
  WordRanker ranker;
  normalise(ranker, examples);
  std::mt19937_64 random(training.seed);
  std::normal_distribution<double> normal(0, 1 / std::sqrt(static_cast<double>(inputs)));
  Numbers values(numbers, 0), gradient(numbers, 0), first(numbers, 0), second(numbers, 0);
  for (std::size_t i = 0; i < at_bias; ++i) values[i] = normal(random);
  set(ranker, values);

  const std::size_t batches = examples.size() / training.batch,
                    steps = static_cast<std::size_t>(training.epochs) * batches;
  constexpr double mean_decay = 0.9, square_decay = 0.99;
  double mean_seen = 1, square_seen = 1;
  for (std::size_t step = 0; step < steps; ++step) {
    if (step % batches == 0) std::shuffle(examples.begin(), examples.end(), random);
    std::fill(gradient.begin(), gradient.end(), 0.0);
    for (std::size_t i = 0; i < training.batch; ++i)
      differentiate(ranker, *examples[step % batches * training.batch + i], gradient);
    mean_seen *= mean_decay;
    square_seen *= square_decay;
    const double rate = training.learning_rate * (1 - static_cast<double>(step) / static_cast<double>(steps));
    for (std::size_t i = 0; i < numbers; ++i) {
      const double g = gradient[i] / static_cast<double>(training.batch) + training.weight_decay * values[i];
      first[i] = mean_decay * first[i] + (1 - mean_decay) * g;
      second[i] = square_decay * second[i] + (1 - square_decay) * g * g;
      values[i] -= rate * first[i] / (1 - mean_seen) / (std::sqrt(second[i] / (1 - square_seen)) + 1e-8);
    }
    set(ranker, values);
  }
  return ranker;
}

RankerScore score_ranker(const WordRanker& ranker, const std::vector<const RankerExample*>& examples) {
  RankerScore score;
  for (const RankerExample* example : examples) {
    std::vector<double> probabilities(example->candidates.size());
    ranker.judge(example->candidates, example->typed, probabilities);
    double left = 1;
    for (const double probability : probabilities) left -= probability;
    score.nats -=
        std::log(std::max(example->right < 0 ? left : probabilities[static_cast<std::size_t>(example->right)], 1e-9));
    const auto best = std::max_element(probabilities.begin(), probabilities.end());
    if (best == probabilities.end() || best - probabilities.begin() != example->right) continue;
    score.right += 1;
    score.bytes += static_cast<double>(example->bytes);
  }
  const double count = static_cast<double>(std::max<std::size_t>(examples.size(), 1));
  return {score.nats / count, score.right / count, score.bytes / count};
}

}  // namespace catena::app
