#include "model/speech/greedy_decoder.h"

#include <algorithm>

namespace catena::model {

Symbol GreedyDecoder::feed(std::span<const float> logits) {
  const auto best = static_cast<Symbol>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  const bool adds = best != kBlank && best != last_;
  last_ = best;
  return adds ? best : kBlank;
}

}  // namespace catena::model
