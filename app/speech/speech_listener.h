// Sound to words as it comes, utterance by utterance: features and voice activity from the sound path, words from the
// reader.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/speech/heard_words.h"
#include "audio/sound_update.h"
#include "model/speech/phrase_recogniser.h"
#include "model/speech/speech_stream.h"

namespace catena::app {

/// One source of sound. Not thread-safe.
class SpeechListener {
 public:
  struct Heard {
    std::vector<model::SpokenWord> settled;  ///< since the last time
    std::vector<model::SpokenWord> open;     ///< how it goes on, as far as one can tell
    bool utterance_ended = false;            ///< behind the settled words
    std::string phrase;  ///< where it ended: the known phrase that all of it was; empty: none of them
  };

  /// words: a language model, or null. phrases: what utterances are compared with, or null.
  SpeechListener(const model::SpeechModel& model, const model::ExecutorOptions& executor,
                 const model::SpeechOptions& options, std::shared_ptr<model::WordModel> words = nullptr,
                 std::shared_ptr<const model::PhraseRecogniser> phrases = nullptr);

  /// Frames and segments of an update. An utterance ends with its segment of speech; words that fall into none are
  /// dropped, and so are those of which hardly a letter is heard (heard_words.h), so that noise and music
  /// are not read.
  Heard hear(const audio::SoundUpdate& update);
  /// The speaker's turn is over, though the sound may not tell: what was read so far is settled, as an utterance, by
  /// the next hear().
  void end_utterance();
  /// The sound has ended.
  Heard finish();

  model::SpeechStream& stream() { return stream_; }

 private:
  void keep_spoken(std::vector<model::SpokenWord>& words) const;
  void take_words(Heard& heard);  // heard.utterance_ended is known
  std::string phrase_of(const audio::Segment& segment) const;

  model::SpeechStream stream_;
  HeardWords heard_words_;
  std::shared_ptr<const model::PhraseRecogniser> phrases_;
  std::vector<audio::Segment> speech_;  // of the last seconds
  bool speaking_ = false;
  std::int64_t speaking_since_ms_ = 0, now_ms_ = 0;
  std::optional<std::string> ended_;  // by end_utterance() since the last hear(): the phrase that it was
};

}  // namespace catena::app
