// Spoken commands with the shipped reader, by a voice that it reads badly.
#include <catch2/catch.hpp>
#include <optional>

#include "app/assets_folder.h"
#include "app/conversation/questions.h"
#include "app/speech/speech_listener.h"
#include "app/speech/word_models.h"
#include "audio/resampler.h"
#include "audio/sound_processor.h"
#include "audio/synthesizer.h"

using namespace catena;

namespace {

constexpr int kRate = 16000;

struct Reading {
  std::string words, phrase;
};

class Reader {
 public:
  /// key: the turn ends with the text's last sound, before voice activity knows.
  Reading read(const std::string& text, bool key = false) {
    audio::Synthesizer& voice = audio::Synthesizer::instance();
    std::vector<float> samples(kRate / 2), spoken;
    voice.speak(text, {}, [&](std::span<const float> more, std::span<const audio::WordMark>) {
      spoken.insert(spoken.end(), more.begin(), more.end());
      return true;
    });
    audio::Resampler resampler(voice.rate());
    resampler.feed(spoken, samples);
    const std::size_t said = samples.size();
    samples.resize(samples.size() + kRate);
    app::SpeechListener listener(reader_, {}, {.chunk_ms = 320}, words_, phrases_);
    audio::SoundProcessor processor;
    Reading reading;
    const auto take = [&](const app::SpeechListener::Heard& heard) {
      for (const model::SpokenWord& word : heard.settled)
        reading.words += (reading.words.empty() ? "" : " ") + word.text;
      if (!heard.phrase.empty()) reading.phrase = heard.phrase;
    };
    for (std::size_t at = 0; at < samples.size(); at += 1600) {
      processor.feed(std::span(samples).subspan(at, std::min<std::size_t>(1600, samples.size() - at)), kRate,
                     {320, false});
      if (key && at <= said && at + 1600 > said) listener.end_utterance();
      take(listener.hear(processor.take()));
      if (key && at > said) break;
    }
    if (!key) take(listener.finish());
    return reading;
  }

 private:
  std::filesystem::path folder_ = app::speech_model_folder();
  model::SpeechModel reader_ = model::load_speech_model(folder_);
  std::shared_ptr<model::WordModel> words_ = app::load_word_model(folder_, {}, {});
  std::shared_ptr<const model::PhraseRecogniser> phrases_ =
      app::load_phrases(folder_, reader_, app::understood_phrases());
};

}  // namespace

TEST_CASE("commands are understood from the sound, also where their words are misread") {
  Reader reader;
  int understood = 0, by_words = 0;
  const std::vector<std::string> commands{"save the file",   "undo that",         "how much memory do you use",
                                          "what time is it", "read the document", "how long have we been talking"};
  for (const std::string& command : commands) {
    const Reading reading = reader.read(command);
    INFO(command << ": " << reading.words << " / " << reading.phrase);
    understood += !reading.phrase.empty() && app::understand(reading.phrase) == app::understand(command) ? 1 : 0;
    by_words += app::understand(reading.words) == app::understand(command) ? 1 : 0;
  }
  CHECK(understood >= 5);
  CHECK(understood > by_words);
}

TEST_CASE("commands are understood where a key ends the turn") {
  Reader reader;
  for (const char* command : {"save the file", "how much memory do you use", "what time is it"}) {
    const Reading reading = reader.read(command, true);
    INFO(command << ": " << reading.words << " / " << reading.phrase);
    CHECK(app::understand(reading.phrase) == app::understand(command));
  }
}

TEST_CASE("what only resembles a command is none") {
  Reader reader;
  for (const char* text : {"the document is on the table", "she did not accept his offer", "tell me about the sea",
                           "can you open the window please"}) {
    INFO(text);
    CHECK(reader.read(text).phrase.empty());
  }
}
