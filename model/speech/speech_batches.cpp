#include "model/speech/speech_batches.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>

#include "model/speech/augmentation.h"
#include "model/speech/frame_stack.h"

namespace catena::model {
namespace {

constexpr std::size_t kShortestPause = 15, kLongestPause = 90;  // frames
constexpr int kDraws = 12;  // of a next utterance that fits, before the rest of a lane is a pause

}  // namespace

SpeechBatches::SpeechBatches(std::vector<std::shared_ptr<const UtteranceFile>> files, std::vector<double> weights,
                             int lanes, int steps, std::uint64_t seed, bool augment, const Lexicon* lexicon)
    : files_(std::move(files)), lanes_(lanes), steps_(static_cast<std::size_t>(steps)), seed_(seed), augment_(augment) {
  double sum = 0;
  for (std::size_t f = 0; f < files_.size(); ++f) {
    for (const Utterance& utterance : files_[f]->utterances()) {
      std::vector<Symbol> symbols = lexicon == nullptr
                                        ? to_symbols(utterance.text)
                                        : lexicon->symbols(utterance.text).value_or(std::vector<Symbol>{});
      // CTC needs a step a symbol, and a blank between equal ones.
      const bool readable = !symbols.empty() && utterance.frames >= kSubsampling * symbols.size() * 5 / 4;
      if (!readable || utterance.frames + kShortestPause > steps_ * kSubsampling) continue;
      items_.push_back({files_[f].get(), &utterance, std::move(symbols)});
      sums_.push_back(sum += weights[f]);
    }
  }
  if (items_.empty())
    throw std::runtime_error("no utterance fits in " + std::to_string(steps * kStepMs / 1000) +
                             " s; raise \"seconds\"");
}

double SpeechBatches::hours() const {
  return std::accumulate(items_.begin(), items_.end(), 0.0,
                         [](double sum, const Item& item) { return sum + item.utterance->frames / 360000.0; });
}

void SpeechBatches::fill_lane(std::int64_t step, int lane, SpeechBatch& batch) const {
  std::seed_seq seq{seed_, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(lane)};
  std::mt19937_64 random(seq);
  const auto draw = [&]() -> const Item& {
    const double at = std::uniform_real_distribution<double>(0, sums_.back())(random);
    const auto found = std::upper_bound(sums_.begin(), sums_.end(), at);
    return items_[static_cast<std::size_t>(std::min(found, sums_.end() - 1) - sums_.begin())];
  };
  const std::size_t length = steps_ * kSubsampling;
  const std::size_t first_part = batch.parts.size();
  MelFrames sound, last;
  for (int drawn = 0; drawn < kDraws; ++drawn) {
    const Item& item = draw();
    const std::size_t pause = std::uniform_int_distribution<std::size_t>(kShortestPause, kLongestPause)(random);
    const std::size_t used = sound.size() / kMelBands, room = length - used;
    const std::size_t wait = used == 0 ? std::min(pause, room - item.utterance->frames) : pause;
    if (item.utterance->frames + wait > room) continue;
    const MelFrames whole = item.file->mels(*item.utterance);
    last = augment_ ? other_voice(whole, room - wait, random) : whole;
    append_pause(last, wait, sound, random);
    sound.insert(sound.end(), last.begin(), last.end());
    const std::size_t begin = used == 0 ? 0 : (used + wait) / kSubsampling;
    batch.parts.push_back({lane, static_cast<int>(begin), 0, item.symbols});
  }
  // The pause behind an utterance is its own: the reader may be late by a chunk.
  for (std::size_t p = first_part; p < batch.parts.size(); ++p) {
    const std::size_t end = p + 1 < batch.parts.size() ? static_cast<std::size_t>(batch.parts[p + 1].first) : steps_;
    batch.parts[p].steps = static_cast<int>(end) - batch.parts[p].first;
  }
  append_pause(last, length - sound.size() / kMelBands, sound, random);
  if (augment_) {
    const Item& other = draw();
    other_place(sound, other.file->mels(*other.utterance), random);
    hide_parts(sound, random);
  }
  FrameStack stack;
  std::vector<float> inputs;
  inputs.reserve(steps_ * kStackedFeatures);
  for (std::size_t t = 0; t < sound.size(); t += kMelBands)
    stack.feed(std::span<const float>(sound).subspan(t, kMelBands), inputs);
  std::copy(inputs.begin(), inputs.end(),
            batch.inputs.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(lane) * inputs.size()));
}

SpeechBatch SpeechBatches::at(std::int64_t step) const {
  SpeechBatch batch;
  batch.inputs.resize(static_cast<std::size_t>(lanes_) * steps_ * kStackedFeatures);
  for (int lane = 0; lane < lanes_; ++lane) fill_lane(step, lane, batch);
  return batch;
}

}  // namespace catena::model
