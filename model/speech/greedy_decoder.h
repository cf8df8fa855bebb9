// CTC, read greedily and as it comes (Graves et al. 2006): of each step the likeliest symbol, repetitions merged,
// blanks dropped.
#pragma once

#include <cstdint>
#include <span>

#include "model/speech/symbols.h"

namespace catena::model {

class GreedyDecoder {
 public:
  /// logits of the next step, a number a symbol. Returns the symbol that it adds to the text, kBlank for none.
  Symbol feed(std::span<const float> logits);

 private:
  Symbol last_ = kBlank;  ///< of the step before: a repetition across a chunk's boundary is one too
};

}  // namespace catena::model
