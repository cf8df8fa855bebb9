// What the decoder asks a language model.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

namespace catena::model {

/// Likelihood of words after others. Not thread-safe.
class WordModel {
 public:
  /// After some words. Const and shared by all hypotheses that have them in common.
  struct State {
    virtual ~State() = default;
  };
  using StatePointer = std::shared_ptr<const State>;

  virtual ~WordModel() = default;
  /// Before any word.
  virtual StatePointer start() = 0;
  /// ln p of a whole word (lower case letters and apostrophes) after `state`, and the state behind it.
  virtual std::pair<float, StatePointer> next(const StatePointer& state, std::string_view word) = 0;
};

}  // namespace catena::model
