#include "model/text/sampling.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace catena::model {
namespace {

float largest(std::span<const float> logits) {
  float top = -INFINITY;
  for (const float logit : logits) top = std::max(top, logit);  // NaN loses every comparison
  if (!std::isfinite(top))
    throw std::runtime_error("sampling: no token is allowed, or the model's logits are not finite");
  return top;
}

// ln of the sum of exp(logit - top) over all allowed tokens.
double log_total(std::span<const float> logits, float top) {
  double total = 0;
  for (const float logit : logits) {
    if (logit > -INFINITY) total += std::exp(static_cast<double>(logit - top));
  }
  return std::log(total);
}

}  // namespace

void Sampling::validate() const {
  if (!(temperature >= 0 && temperature <= 10)) {
    throw std::runtime_error("sampling temperature is " + std::to_string(temperature) + ", expected 0 to 10");
  }
  if (!(top_p > 0 && top_p <= 1))
    throw std::runtime_error("top-p is " + std::to_string(top_p) + ", expected above 0 and up to 1");
}

Sampler::Sampler(int vocab) {
  candidates_.reserve(static_cast<std::size_t>(vocab));
  best_.reserve(static_cast<std::size_t>(vocab));
}

void Sampler::start(const Sampling& sampling) {
  sampling.validate();
  sampling_ = sampling;
  random_.seed(sampling.seed);
}

Choice Sampler::choose(std::span<const float> logits) {
  const float top = largest(logits);
  if (sampling_.temperature > 0) return draw(logits, top);
  const auto best = std::find(logits.begin(), logits.end(), top);  // the first of equals
  return {static_cast<Token>(best - logits.begin()), -log_total(logits, top)};
}

Choice Sampler::draw(std::span<const float> logits, float top) {
  candidates_.clear();
  double total = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] > -INFINITY)) continue;
    const double weight = std::exp(static_cast<double>(logits[i] - top) / static_cast<double>(sampling_.temperature));
    candidates_.push_back({weight, static_cast<Token>(i)});
    total += weight;
  }
  // A heap gives the likeliest first without sorting the whole vocabulary; few are needed.
  const auto lighter = [](const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight < b.weight : a.token > b.token;
  };
  double kept = total;
  auto first = candidates_.begin();  // what is kept; popped candidates collect at the end
  if (sampling_.top_p < 1) {
    std::make_heap(candidates_.begin(), candidates_.end(), lighter);
    kept = 0;
    first = candidates_.end();
    while (first != candidates_.begin() && kept < static_cast<double>(sampling_.top_p) * total) {
      std::pop_heap(candidates_.begin(), first, lighter);
      --first;
      kept += first->weight;
    }
  }
  double rest = static_cast<double>(random_() >> 11) * 0x1p-53 * kept;
  auto chosen = first;
  for (auto it = first; it != candidates_.end(); ++it) {
    if (it->weight == 0) continue;
    chosen = it;
    rest -= it->weight;
    if (rest < 0) break;
  }
  return {chosen->token,
          static_cast<double>(logits[static_cast<std::size_t>(chosen->token)] - top) - log_total(logits, top)};
}

std::span<const Choice> Sampler::best(std::span<const float> logits, std::size_t count) {
  const float top = largest(logits);
  const double total = log_total(logits, top);
  best_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > -INFINITY) best_.push_back({static_cast<Token>(i), static_cast<double>(logits[i] - top) - total});
  }
  count = std::min(count, best_.size());
  std::partial_sort(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(count), best_.end(),
                    [](const Choice& a, const Choice& b) {
                      return a.log_probability != b.log_probability ? a.log_probability > b.log_probability
                                                                    : a.token < b.token;
                    });
  return {best_.data(), count};
}

}  // namespace catena::model
