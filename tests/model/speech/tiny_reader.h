// A reader of speech that is small and knows nothing.
#pragma once

#include "model/speech/frame_stack.h"
#include "model/speech/symbols.h"
#include "tests/model/tiny_model.h"

namespace catena::model::test {

inline std::shared_ptr<const Weights> tiny_reader(Carry carry = Carry::delta) {
  ModelConfig config = tiny_config(carry, kSymbols);
  config.features = kStackedFeatures;
  return random_weights(config, 3);
}

}  // namespace catena::model::test
