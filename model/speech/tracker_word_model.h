// A chained tracker of text as the decoder's language model: a hypothesis costs one state of fixed size, however long
// it is.
#pragma once

#include <memory>

#include "model/executor.h"
#include "model/speech/word_model.h"
#include "model/text/text_model.h"

namespace catena::model {

class TrackerWordModel final : public WordModel {
 public:
  /// Throws std::runtime_error as make_executor().
  TrackerWordModel(std::shared_ptr<const TextModel> model, const ExecutorOptions& options);

  StatePointer start() override;
  Judgement next(const StatePointer& state, std::string_view word) override;
  float beginning(std::string_view letters) override;

 private:
  std::shared_ptr<const TextModel> model_;
  std::unique_ptr<Executor> executor_;
  StreamSettings settings_;
};

}  // namespace catena::model
