// Which tokens may come next: those that agree with letters already typed (token healing), keep the text valid UTF-8,
// and are no control tokens except where a document may end.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/text/tokenizer.h"

namespace catena::model {

class TokenMask {
 public:
  explicit TokenMask(std::shared_ptr<const Tokenizer> tokenizer);

  /// Sets the logits of forbidden tokens to minus infinity. `required`: bytes that must come next (a token may extend
  /// them or be the beginning of them). `partial`: the unfinished character that the text so far ends in. Some token is
  /// always left.
  void apply(std::span<float> logits, std::string_view required, std::string_view partial) const;

  /// Control tokens at which a completion stops.
  bool ends_document(Token token) const { return kinds_[static_cast<std::size_t>(token)] == Kind::stop; }

 private:
  enum class Kind : std::uint8_t { text, lead, continuation, stop, never };
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<Kind> kinds_;
};

}  // namespace catena::model
