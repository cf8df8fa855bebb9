// Picks the next token from logits: greedy, by temperature, and from the likeliest tokens only (top-p).
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "model/config.h"

namespace catena::model {

/// The same values, logits and seed give the same tokens.
struct Sampling {
  float temperature = 0.0F;  ///< 0: always the likeliest token
  float top_p = 1.0F;        ///< draw among the likeliest tokens that hold this probability together, 0 to 1
  std::uint64_t seed = 1;

  /// Throws std::runtime_error naming the value that is out of bounds.
  void validate() const;
};

struct Choice {
  Token token = 0;
  double log_probability = 0;  ///< of the token among all allowed ones, at temperature 1
};

/// Owns its working memory; no member allocates after construction. A logit of minus infinity forbids its token.
class Sampler {
 public:
  explicit Sampler(int vocab);

  /// Starts a new sequence of draws. Throws as Sampling::validate().
  void start(const Sampling& sampling);
  /// Draws from logits of `vocab` floats, of which at least one must be finite (else throws std::runtime_error).
  Choice choose(std::span<const float> logits);
  /// The `count` likeliest tokens, best first; fewer when fewer are allowed. Valid until the next call.
  std::span<const Choice> best(std::span<const float> logits, std::size_t count);

 private:
  struct Candidate {
    double weight;
    Token token;
  };
  Choice draw(std::span<const float> logits, float top);

  Sampling sampling_;
  std::mt19937_64 random_;
  std::vector<Candidate> candidates_;
  std::vector<Choice> best_;
};

}  // namespace catena::model
