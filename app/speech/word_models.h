// Which language model a reader of speech is read with, and the phrases that it is asked to recognise.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "model/executor.h"
#include "model/speech/phrase_recogniser.h"
#include "model/speech/speech_stream.h"
#include "model/speech/word_model.h"

namespace catena::app {

/// The reader's own trigrams of words (words.ngrams in its folder); of a reader without, the text tracker judges. text:
/// its folder, empty: none then. Throws std::runtime_error with one line. Null: letters alone decide.
std::shared_ptr<model::WordModel> load_word_model(const std::filesystem::path& reader,
                                                  const std::filesystem::path& text,
                                                  const model::ExecutorOptions& executor);

/// Of phrases that a reader from this folder is to tell from free speech. Throws std::runtime_error as
/// load_word_model().
std::shared_ptr<const model::PhraseRecogniser> load_phrases(const std::filesystem::path& folder,
                                                            const model::SpeechModel& reader,
                                                            std::span<const std::string> phrases);

}  // namespace catena::app
