#include "model/speech/tracker_word_model.h"

#include <numeric>
#include <string>
#include <vector>

namespace catena::model {
namespace {

struct AfterWords final : WordModel::State {
  explicit AfterWords(ChainState chain) : state(std::move(chain)) {}
  ChainState state;
};

}  // namespace

TrackerWordModel::TrackerWordModel(std::shared_ptr<const TextModel> model, const ExecutorOptions& options)
    : model_(std::move(model)), executor_(make_executor(model_->weights(), options)) {
  settings_.chunk_length = model_->config().chunk_length;
}

WordModel::StatePointer TrackerWordModel::start() {
  ChainState state = executor_->initial_state(settings_.chunk_length);
  const Token user = model_->tokenizer()->control(Control::user);  // as conversations in the training text begin
  executor_->read(state, std::span(&user, 1), settings_);
  return std::make_shared<const AfterWords>(std::move(state));
}

WordModel::Judgement TrackerWordModel::next(const StatePointer& state, std::string_view word) {
  ChainState after = static_cast<const AfterWords&>(*state).state;
  const std::vector<Token> tokens = model_->tokenizer()->encode(std::string(1, ' ').append(word));
  std::vector<float> nll(tokens.size());
  executor_->score(after, tokens, settings_, nll);
  return {-std::accumulate(nll.begin(), nll.end(), 0.0F), std::make_shared<const AfterWords>(std::move(after)),
          std::string(word)};
}

float TrackerWordModel::beginning(std::string_view letters) {
  constexpr float a_letter = -1.6F;  // about what one costs in English; a step of the tracker would take too long
  return a_letter * static_cast<float>(letters.size());
}

}  // namespace catena::model
