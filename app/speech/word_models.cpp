#include "app/speech/word_models.h"

#include "model/speech/ngram_model.h"
#include "model/speech/tracker_word_model.h"

namespace catena::app {

std::shared_ptr<model::WordModel> load_word_model(const std::filesystem::path& reader,
                                                  const std::filesystem::path& text,
                                                  const model::ExecutorOptions& executor) {
  const std::filesystem::path ngrams = reader / "words.ngrams";
  if (std::filesystem::exists(reader / "lexicon.txt")) {
    const model::Lexicon lexicon = model::Lexicon::load(reader / "lexicon.txt");
    return std::make_shared<model::NgramModel>(model::NgramTables::load(ngrams), &lexicon);
  }
  if (std::filesystem::exists(ngrams)) return std::make_shared<model::NgramModel>(model::NgramTables::load(ngrams));
  if (text.empty()) return nullptr;
  return std::make_shared<model::TrackerWordModel>(model::TextModel::load(text), executor);
}

std::shared_ptr<const model::PhraseRecogniser> load_phrases(const std::filesystem::path& folder,
                                                            const model::SpeechModel& reader,
                                                            std::span<const std::string> phrases) {
  model::PhraseOptions options;
  options.symbol_prior = reader.symbol_prior;
  if (reader.weights->config().vocab == model::kSymbols)
    return std::make_shared<model::PhraseRecogniser>(phrases, nullptr, options);
  const model::Lexicon lexicon = model::Lexicon::load(folder / "lexicon.txt");
  return std::make_shared<model::PhraseRecogniser>(phrases, &lexicon, options);
}

}  // namespace catena::app
