// Which language model a reader of speech is read with.
#pragma once

#include <filesystem>
#include <memory>

#include "model/executor.h"
#include "model/speech/word_model.h"

namespace catena::app {

/// The reader's own trigrams of words (words.ngrams in its folder); of a reader without, the text tracker judges. text: its folder, empty:
/// none then. Throws std::runtime_error with one line. Null: letters alone decide.
std::shared_ptr<model::WordModel> load_word_model(const std::filesystem::path& reader, const std::filesystem::path& text,
                                                  const model::ExecutorOptions& executor);

}  // namespace catena::app
