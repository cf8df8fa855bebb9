// Fits a WordRanker to places of texts where the next word is known.
#pragma once

#include <cstdint>
#include <vector>

#include "app/suggest/word_ranker.h"

namespace catena::app {

struct RankerExample {
  std::vector<WordFeatures> candidates;
  std::size_t typed = 0;  ///< letters of the word already there
  int right = -1;         ///< the candidate that came; -1: none of them
  std::size_t bytes = 0;  ///< of the word that came
};

struct RankerTraining {
  int epochs = 30;
  std::size_t batch = 256;
  double learning_rate = 0.01;  ///< falls to nothing along a line
  double weight_decay = 2e-4;
  std::uint64_t seed = 1;
};

/// Adam on the negative log likelihood of what came. Examples without candidates are passed over. Throws
/// std::runtime_error when there are fewer than a batch.
WordRanker train_ranker(const std::vector<const RankerExample*>& examples, const RankerTraining& training);

struct RankerScore {
  double nats = 0;   ///< a place: the mean negative log likelihood of what came
  double right = 0;  ///< share of the places whose best candidate came
  double bytes = 0;  ///< of such words, a place
};
RankerScore score_ranker(const WordRanker& ranker, const std::vector<const RankerExample*>& examples);

}  // namespace catena::app
