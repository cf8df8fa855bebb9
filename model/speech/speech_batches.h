// Batches of transcribed speech to learn from: stretches of several utterances with pauses between them, as a
// microphone hears them.
#pragma once

#include <memory>
#include <vector>

#include "model/speech/lexicon.h"
#include "model/speech/symbols.h"
#include "model/speech/utterance_file.h"

namespace catena::model {

/// What was said in a part of a lane. The parts of a lane touch each other and cover it.
struct SpokenPart {
  int lane = 0;
  int first = 0, steps = 0;  ///< of the reader's (kStepMs)
  std::vector<Symbol> symbols;
};

/// All lanes have the same number of steps.
struct SpeechBatch {
  std::vector<float> inputs;  ///< [lanes, steps, kStackedFeatures]
  std::vector<SpokenPart> parts;
};

class SpeechBatches {
 public:
  /// weights: how often an utterance of a file is drawn, relative to those of others. Utterances that do not fit in
  /// `steps` are left out. lexicon: to teach phones in place of letters, or null; utterances with a word that it lacks
  /// are left out. It must outlive this. Throws std::runtime_error when none fits.
  SpeechBatches(std::vector<std::shared_ptr<const UtteranceFile>> files, std::vector<double> weights, int lanes,
                int steps, std::uint64_t seed, bool augment, const Lexicon* lexicon = nullptr);

  /// Batch number `step`: the same for the same seed, whatever was asked before.
  SpeechBatch at(std::int64_t step) const;

  double hours() const;  ///< of different speech

 private:
  struct Item {
    const UtteranceFile* file;
    const Utterance* utterance;
    std::vector<Symbol> symbols;
  };
  void fill_lane(std::int64_t step, int lane, SpeechBatch& batch) const;

  std::vector<std::shared_ptr<const UtteranceFile>> files_;
  std::vector<Item> items_;
  std::vector<double> sums_;  ///< of the weights
  int lanes_;
  std::size_t steps_;
  std::uint64_t seed_;
  bool augment_;
};

}  // namespace catena::model
