// The options that every command with a reader of speech shares.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "model/speech/phrase_recogniser.h"
#include "model/speech/speech_stream.h"

namespace catena::app {

struct SpeechModelOptions {
  std::filesystem::path folder;         ///< empty: the shipped reader
  std::filesystem::path language_folder;  ///< empty: the shipped text model
  bool no_language = false;
  std::string precision = "float32";
  int threads = 1;
  model::SpeechOptions speech;

  void add_to(CLI::App& command);
  model::ExecutorOptions executor() const;
  model::SpeechModel reader() const;
  /// Null when none is wanted.
  std::shared_ptr<model::WordModel> language() const;
  /// For utterances of this reader() to be compared with.
  std::shared_ptr<const model::PhraseRecogniser> phrases(const model::SpeechModel& reader,
                                                         std::span<const std::string> phrases) const;
};

}  // namespace catena::app
