#include "app/session/speech_service.h"

#include <utility>

#include "app/conversation/dictation.h"
#include "app/conversation/questions.h"
#include "app/speech/word_models.h"

namespace catena::app {
namespace {

using Clock = std::chrono::steady_clock;

// Updates come about 30 times a second: so many waiting are more than a second of sound.
constexpr int kBehind = 40, kCaughtUp = 5;

constexpr double kForget = 0.98;  // of the figures of compute, an update: about two seconds

double ms_between(Clock::time_point a, Clock::time_point b) {
  return std::chrono::duration<double, std::milli>(b - a).count();
}

QVector<ui::SpokenWord> shown(const std::vector<model::SpokenWord>& words) {
  QVector<ui::SpokenWord> result;
  result.reserve(static_cast<qsizetype>(words.size()));
  for (const model::SpokenWord& word : words)
    result.append({QString::fromStdString(word.text), word.start_ms, word.end_ms, word.confidence});
  return result;
}

ui::Notice notice(const std::string& line) {
  return {ui::Panel::transcript, QString::fromStdString(line), {}, {}, false};
}

}  // namespace

SpeechService::SpeechService(SpeechEvents events) : events_(std::move(events)) {
  jobs_.start([this](const std::string& line) { events_.notice(notice(line)); });
}

SpeechService::~SpeechService() { stop(); }

void SpeechService::load(const SpeechFolders& folders) {
  jobs_.post([this, folders] { load_now(folders); });
}

void SpeechService::apply(const ui::ChunkSettings& settings) {
  jobs_.post([this, settings] {
    settings_ = settings;
    tell_settings();
    if (listener_ == nullptr) return;
    listener_->stream().set_chunk_ms(settings.sound_chunk_ms);
    listener_->stream().set_carry(settings.carry);
  });
}

void SpeechService::hear(audio::SoundUpdate update) {
  jobs_.post([this, update = std::make_shared<const audio::SoundUpdate>(std::move(update)), arrived = Clock::now()] {
    hear_now(*update, arrived);
  });
}

void SpeechService::end_utterance() {
  jobs_.post([this] {
    if (listener_ != nullptr) listener_->end_utterance();
  });
}

void SpeechService::tell_settings() {
  model::StreamSettings settings;
  settings.chunk_length = settings_.sound_chunk_ms / static_cast<int>(model::kStepMs);
  settings.carry = settings_.carry;
  events_.runs_with({reader_.weights, model::ExecutorOptions{}.precision, settings});
}

void SpeechService::load_now(const SpeechFolders& folders) {
  load_reader(folders);
  tell_settings();
}

void SpeechService::load_reader(const SpeechFolders& folders) {
  reader_ = {};
  words_ = nullptr;
  phrases_ = nullptr;
  listener_ = nullptr;
  if (folders.reader.empty()) return;
  reader_ = model::load_speech_model(folders.reader);
  try {
    words_ = load_word_model(folders.reader, folders.language, {});
    std::vector<std::string> phrases = understood_phrases(), typing = Dictation::phrases();
    phrases.insert(phrases.end(), typing.begin(), typing.end());
    phrases_ = load_phrases(folders.reader, reader_, phrases);
  } catch (const std::exception& error) {
    const bool spells = reader_.weights->config().vocab == model::kSymbols;  // else only its word model does
    if (!spells) reader_ = {};
    events_.notice(notice(std::string(error.what()) +
                          (spells ? "; words are read by their letters alone" : "; speech is not read")));
  }
}

void SpeechService::hear_now(const audio::SoundUpdate& update, Clock::time_point arrived) {
  if (reader_.weights == nullptr) return;
  if (listener_ == nullptr || update.stream != stream_) {
    model::SpeechOptions options;
    options.chunk_ms = settings_.sound_chunk_ms;
    listener_ = std::make_unique<SpeechListener>(reader_, model::ExecutorOptions{}, options, words_, phrases_);
    listener_->stream().set_carry(settings_.carry);
    stream_ = update.stream;
    busy_ms_ = sound_ms_ = 0;
  }
  // A machine that does not keep up reads words by their letters alone until it does: sound is never dropped and never
  // piles up.
  const int waiting = jobs_.waiting();
  if (waiting > kBehind) listener_->stream().set_language(false);
  if (waiting < kCaughtUp) listener_->stream().set_language(true);
  const Clock::time_point start = Clock::now();
  const std::int64_t read_before = listener_->stream().read_ms();
  SpeechListener::Heard heard = listener_->hear(update);
  if (!update.running) {
    const SpeechListener::Heard rest = listener_->finish();
    heard.settled.insert(heard.settled.end(), rest.settled.begin(), rest.settled.end());
    heard.open.clear();
    heard.utterance_ended = true;
  }
  const Clock::time_point end = Clock::now();
  busy_ms_ = kForget * busy_ms_ + ms_between(start, end);
  sound_ms_ = kForget * sound_ms_ + static_cast<double>(update.log_mel.size()) * 10;
  ui::SpeechUpdate result;
  result.settled = shown(heard.settled);
  result.open = shown(heard.open);
  result.utterance_ended = heard.utterance_ended;
  result.phrase = QString::fromStdString(heard.phrase);
  if (listener_->stream().read_ms() > read_before) result.latency_ms = update.latency_ms + ms_between(arrived, end);
  result.compute_percent = sound_ms_ > 0 ? 100 * busy_ms_ / sound_ms_ : 0;
  result.state_bytes = static_cast<qint64>(listener_->stream().state_bytes());
  events_.heard(result);
}

}  // namespace catena::app
