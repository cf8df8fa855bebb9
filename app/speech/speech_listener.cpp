#include "app/speech/speech_listener.h"

#include <algorithm>
#include <utility>

namespace catena::app {
namespace {

static_assert(audio::kMelBands == model::kMelBands, "the reader sees the bands that the sound path makes");

// The reader may place a letter a little before or behind the sound that voice activity finds.
constexpr std::int64_t kMarginMs = 400;
constexpr std::int64_t kRememberedMs = 60'000;

}  // namespace

SpeechListener::SpeechListener(const model::SpeechModel& model, const model::ExecutorOptions& executor,
                               const model::SpeechOptions& options, std::shared_ptr<model::WordModel> words,
                               std::shared_ptr<const model::PhraseRecogniser> phrases)
    : stream_(model, executor, options, std::move(words)), phrases_(std::move(phrases)) {}

std::string SpeechListener::phrase_of(const audio::Segment& segment) const {
  if (phrases_ == nullptr || segment.end_ms - segment.start_ms > model::kHeardMs - 2 * kMarginMs) return {};
  const std::span<const float> heard = stream_.heard(segment.start_ms - kMarginMs, segment.end_ms + kMarginMs);
  const auto found = phrases_->recognise(heard, stream_.symbols());
  return found ? found->phrase : std::string();
}

void SpeechListener::keep_spoken(std::vector<model::SpokenWord>& words) const {
  std::erase_if(words, [&](const model::SpokenWord& word) {
    if (speaking_ && word.end_ms + kMarginMs >= speaking_since_ms_) return false;
    return std::none_of(speech_.begin(), speech_.end(), [&](const audio::Segment& segment) {
      return word.end_ms + kMarginMs >= segment.start_ms && word.start_ms <= segment.end_ms + kMarginMs;
    });
  });
}

void SpeechListener::take_words(Heard& heard) {
  std::vector<model::SpokenWord> settled = stream_.take_settled(), open = stream_.open_words();
  keep_spoken(settled);
  keep_spoken(open);
  heard.settled = heard_words_.settle(settled, heard.utterance_ended);
  heard.open = heard_words_.open(open);
}

SpeechListener::Heard SpeechListener::hear(const audio::SoundUpdate& update) {
  for (const audio::MelFrame& frame : update.log_mel) stream_.feed(frame);
  now_ms_ = update.time_ms;
  Heard heard;
  for (const audio::Segment& segment : update.segments) {
    if (!segment.speech) {
      speaking_since_ms_ = segment.end_ms;
      continue;
    }
    speech_.push_back(segment);
    heard.utterance_ended = true;
  }
  speaking_ = update.speech;
  std::erase_if(speech_, [&](const audio::Segment& segment) { return segment.end_ms < now_ms_ - kRememberedMs; });
  if (heard.utterance_ended) {
    stream_.end_utterance();
    heard.phrase = phrase_of(speech_.back());
  }
  if (ended_) {
    heard.utterance_ended = true;
    heard.phrase = *std::exchange(ended_, std::nullopt);
  }
  take_words(heard);
  return heard;
}

void SpeechListener::end_utterance() {
  stream_.end_utterance();
  // Voice activity tells of the end a little later; who holds a key may also pause before letting go.
  if (speaking_)
    ended_ = phrase_of({speaking_since_ms_, now_ms_, true, 0});
  else
    ended_ = speech_.empty() ? std::string() : phrase_of(speech_.back());
}

SpeechListener::Heard SpeechListener::finish() {
  stream_.end_utterance();
  Heard heard;
  heard.utterance_ended = true;
  take_words(heard);
  return heard;
}

}  // namespace catena::app
