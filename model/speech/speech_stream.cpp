#include "model/speech/speech_stream.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "model/runtime/weights.h"
#include "model/speech/log_softmax.h"
#include "model/speech/symbol_prior.h"

namespace catena::model {
namespace {

BeamOptions with_prior(BeamOptions options, const SpeechModel& model) {
  options.symbol_prior = model.symbol_prior;
  return options;
}

int steps_of(int chunk_ms) { return std::clamp((chunk_ms + kStepMs / 2) / kStepMs, 1, block_tokens); }

std::vector<SpokenWord> in_ms(const std::vector<DecodedWord>& words) {
  std::vector<SpokenWord> result;
  for (const DecodedWord& word : words) {
    result.push_back({word.text, word.first_step * kStepMs, (word.last_step + 1) * kStepMs, word.letters,
                      word.heard_letters, word.confidence});
  }
  return result;
}

}  // namespace

std::string to_text(std::span<const SpokenWord> words) {
  std::string text;
  for (const SpokenWord& word : words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

SpeechModel load_speech_model(const std::filesystem::path& folder) {
  SpeechModel model{Weights::load(folder)};
  const ModelConfig& config = model.weights->config();
  if (config.features != kStackedFeatures || (config.vocab != kSymbols && config.vocab != kPhoneSymbols)) {
    throw std::runtime_error(folder.string() + ": holds no reader of speech (features " +
                             std::to_string(config.features) + ", vocab " + std::to_string(config.vocab) +
                             "; expected " + std::to_string(kStackedFeatures) + " and " + std::to_string(kSymbols) +
                             " or " + std::to_string(kPhoneSymbols) + ")");
  }
  const std::filesystem::path prior = folder / "symbols.txt";
  if (std::filesystem::exists(prior)) model.symbol_prior = load_symbol_prior(prior, config.vocab);
  return model;
}

SpeechStream::SpeechStream(const SpeechModel& model, const ExecutorOptions& executor, const SpeechOptions& options,
                           const std::shared_ptr<WordModel>& words)
    : reader_(model.weights, executor),
      state_(reader_.config()),
      decoder_(with_prior(options.beam, model), words),
      chunk_steps_(steps_of(options.chunk_ms)),
      next_chunk_steps_(chunk_steps_) {
  if (reader_.config().vocab == kPhoneSymbols && words == nullptr) {
    throw std::runtime_error("model '" + reader_.config().name +
                             "' writes phones, which only its word model can spell; use it with its word model");
  }
  inputs_.reserve(static_cast<std::size_t>(block_tokens) * kStackedFeatures);
  heard_.reserve(static_cast<std::size_t>(2 * kHeardMs / kStepMs * reader_.config().vocab));
}

void SpeechStream::set_chunk_ms(int chunk_ms) { next_chunk_steps_ = steps_of(chunk_ms); }

void SpeechStream::feed(std::span<const float> frames) {
  for (std::size_t t = 0; t + kMelBands <= frames.size(); t += kMelBands) {
    if (inputs_.empty()) chunk_steps_ = next_chunk_steps_;
    stack_.feed(frames.subspan(t, kMelBands), inputs_);
    if (inputs_.size() == static_cast<std::size_t>(chunk_steps_) * kStackedFeatures) read_chunk();
  }
}

void SpeechStream::read_chunk() {
  if (inputs_.empty()) return;
  const std::size_t steps = inputs_.size() / kStackedFeatures,
                    symbols = static_cast<std::size_t>(reader_.config().vocab);
  logits_.resize(steps * symbols);
  reader_.read_chunk(state_, inputs_, logits_, carry_);
  inputs_.clear();
  for (std::size_t t = 0; t < steps; ++t) {
    const std::span<float> row(logits_.data() + t * symbols, symbols);
    log_softmax(row);
    decoder_.feed(row);
  }
  const std::size_t kept = static_cast<std::size_t>(kHeardMs / kStepMs) * symbols;
  if (heard_.size() + steps * symbols > 2 * kept)
    heard_.erase(heard_.begin(), heard_.end() - static_cast<std::ptrdiff_t>(std::min(kept, heard_.size())));
  heard_.insert(heard_.end(), logits_.begin(), logits_.begin() + static_cast<std::ptrdiff_t>(steps * symbols));
}

std::span<const float> SpeechStream::heard(std::int64_t start_ms, std::int64_t end_ms) const {
  const auto symbols = static_cast<std::int64_t>(reader_.config().vocab);
  const std::int64_t steps = static_cast<std::int64_t>(heard_.size()) / symbols, before = state_.frames() - steps;
  const std::int64_t first = std::clamp<std::int64_t>(start_ms / kStepMs - before, 0, steps),
                     last = std::clamp<std::int64_t>((end_ms + kStepMs - 1) / kStepMs - before, first, steps);
  return {heard_.data() + first * symbols, static_cast<std::size_t>((last - first) * symbols)};
}

void SpeechStream::end_chunk() { read_chunk(); }

void SpeechStream::end_utterance() {
  read_chunk();
  decoder_.end_utterance();
}

std::vector<SpokenWord> SpeechStream::take_settled() { return in_ms(decoder_.take_settled()); }
std::vector<SpokenWord> SpeechStream::open_words() const { return in_ms(decoder_.open_words()); }

}  // namespace catena::model
