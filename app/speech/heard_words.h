// Words that the sound itself speaks for. In noise the decoder finds words as well: its word model wants some.
#pragma once

#include <cstdint>
#include <vector>

#include "model/speech/speech_stream.h"

namespace catena::app {

/// Settled words are held back until they have eight letters, and are then kept or dropped together, by the share of
/// their letters that the sound tells without the words. Memory is bounded. Not thread-safe.
class HeardWords {
 public:
  /// Takes words that have been settled; returns those that are kept. At an utterance's end nothing stays held.
  std::vector<model::SpokenWord> settle(const std::vector<model::SpokenWord>& words, bool utterance_ended);
  /// What is held and how it goes on; nothing while it looks like noise.
  std::vector<model::SpokenWord> open(const std::vector<model::SpokenWord>& words) const;

 private:
  std::vector<model::SpokenWord> held_;
};

}  // namespace catena::app
