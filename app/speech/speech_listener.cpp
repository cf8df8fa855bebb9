#include "app/speech/speech_listener.h"

#include <algorithm>

namespace catena::app {
namespace {

static_assert(audio::kMelBands == model::kMelBands, "the reader sees the bands that the sound path makes");

// The reader may place a letter a little before or behind the sound that voice activity finds.
constexpr std::int64_t kMarginMs = 400;
constexpr std::int64_t kRememberedMs = 60'000;
// Of the time of an utterance's words, the share in which letters are heard: 0.30 to 0.65 in development speech, at
// most 0.04 in noise.
constexpr double kLeastHeard = 0.12;

}  // namespace

SpeechListener::SpeechListener(const model::SpeechModel& model, const model::ExecutorOptions& executor,
                               const model::SpeechOptions& options, std::shared_ptr<model::WordModel> words)
    : stream_(model, executor, options, std::move(words)) {}

void SpeechListener::keep_spoken(std::vector<model::SpokenWord>& words) const {
  std::erase_if(words, [&](const model::SpokenWord& word) {
    if (speaking_ && word.end_ms + kMarginMs >= speaking_since_ms_) return false;
    return std::none_of(speech_.begin(), speech_.end(), [&](const audio::Segment& segment) {
      return word.end_ms + kMarginMs >= segment.start_ms && word.start_ms <= segment.end_ms + kMarginMs;
    });
  });
}

void SpeechListener::keep_heard(Heard& heard) {
  const auto count = [](const std::vector<model::SpokenWord>& words, std::int64_t& words_ms, std::int64_t& heard_ms) {
    for (const model::SpokenWord& word : words) {
      words_ms += word.end_ms - word.start_ms;
      heard_ms += word.heard_ms;
    }
  };
  count(heard.settled, words_ms_, heard_ms_);
  std::int64_t words_ms = words_ms_, heard_ms = heard_ms_;
  count(heard.open, words_ms, heard_ms);
  if (static_cast<double>(heard_ms) < kLeastHeard * static_cast<double>(words_ms)) {
    heard.settled.clear();
    heard.open.clear();
  }
  if (heard.utterance_ended) words_ms_ = heard_ms_ = 0;
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
  if (heard.utterance_ended) stream_.end_utterance();
  heard.settled = stream_.take_settled();
  heard.open = stream_.open_words();
  keep_spoken(heard.settled);
  keep_spoken(heard.open);
  keep_heard(heard);
  return heard;
}

SpeechListener::Heard SpeechListener::finish() {
  stream_.end_utterance();
  Heard heard;
  heard.settled = stream_.take_settled();
  heard.utterance_ended = true;
  keep_spoken(heard.settled);
  keep_heard(heard);
  return heard;
}

}  // namespace catena::app
