#include "app/commands/speech_options.h"

#include "app/assets_folder.h"
#include "app/speech/word_models.h"
#include "model/speech/tracker_word_model.h"

namespace catena::app {

void SpeechModelOptions::add_to(CLI::App& command) {
  command.add_option("--model", folder, "Model folder of the reader of speech; default: the shipped one");
  command.add_option("--language-model", language_folder,
                     "Folder of a text model that judges words, in place of the reader's own word model");
  command.add_flag("--no-language-model", no_language, "Letters alone decide");
  command.add_option("--precision", precision, "float32, bfloat16 or int8 weights")
      ->check(CLI::IsMember({"float32", "bfloat16", "int8"}))
      ->capture_default_str();
  command.add_option("--threads", threads, "Threads")->check(CLI::Range(1, 256))->capture_default_str();
  command.add_option("--chunk-ms", speech.chunk_ms, "Sound read at once, 40 to 5120 ms")
      ->check(CLI::Range(40, 5120))
      ->capture_default_str();
  command.add_option("--beam", speech.beam.width, "Hypotheses kept")->check(CLI::Range(1, 4096))->capture_default_str();
  command.add_option("--language-weight", speech.beam.language_weight, "Weight of the text model's likelihoods")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command
      .add_option("--prior-weight", speech.beam.prior_weight,
                  "How much of a symbol's likelihood without the sound is taken off")
      ->check(CLI::Range(0.0, 2.0))
      ->capture_default_str();
  command.add_option("--word-bonus", speech.beam.word_bonus, "Added for each word, nats")
      ->check(CLI::Range(-20.0, 20.0))
      ->capture_default_str();
}

model::ExecutorOptions SpeechModelOptions::executor() const {
  return {model::Device::cpu, model::precision_named(precision), threads};
}

model::SpeechModel SpeechModelOptions::reader() const { return model::load_speech_model(speech_model_folder(folder)); }

std::shared_ptr<model::WordModel> SpeechModelOptions::language() const {
  if (no_language) return nullptr;
  if (!language_folder.empty())
    return std::make_shared<model::TrackerWordModel>(model::TextModel::load(model_folder(language_folder)), executor());
  return load_word_model(speech_model_folder(folder), model_folder({}), executor());
}

std::shared_ptr<const model::PhraseRecogniser> SpeechModelOptions::phrases(const model::SpeechModel& reader,
                                                                           std::span<const std::string> phrases) const {
  return load_phrases(speech_model_folder(folder), reader, phrases);
}

}  // namespace catena::app
