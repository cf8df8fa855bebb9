// What the decoder asks a language model.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace catena::model {

/// Likelihood of words after others, and how they are written. Not thread-safe.
class WordModel {
 public:
  /// After some words. Const and shared by all hypotheses that have them in common.
  struct State {
    virtual ~State() = default;
  };
  using StatePointer = std::shared_ptr<const State>;

  struct Judgement {
    float likelihood = 0;  ///< ln p of the word
    StatePointer state;    ///< behind it
    std::string written;   ///< the word
  };

  virtual ~WordModel() = default;
  /// Before any word.
  virtual StatePointer start() = 0;
  /// Of a whole word after `state`. spelled: its letters or, for a reader that writes phones, its phones.
  virtual Judgement next(const StatePointer& state, std::string_view spelled) = 0;
  /// ln p that a word begins so, whatever stands before it: what an unfinished word is taken to cost until it is
  /// judged.
  virtual float beginning(std::string_view spelled) = 0;
  /// The likeliest word that is spelled so, else one that begins so.
  virtual std::string written(std::string_view spelled) { return std::string(spelled); }
};

}  // namespace catena::model
