#include "model/text/token_mask.h"

#include <array>
#include <cmath>
#include <string>

#include "model/text/utf8.h"

namespace catena::model {

TokenMask::TokenMask(std::shared_ptr<const Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {
  for (Token token = 0; token < tokenizer_->vocab(); ++token) {
    const std::string_view piece = tokenizer_->piece(token);
    Kind kind = Kind::never;
    if (!piece.empty()) {
      switch (decode_utf8(piece).status) {
        case Utf8::complete:
          kind = Kind::text;
          break;
        case Utf8::incomplete:
          kind = Kind::lead;
          break;
        case Utf8::invalid:
          if ((static_cast<std::uint8_t>(piece[0]) & 0xC0) == 0x80) kind = Kind::continuation;
          break;
      }
    }
    kinds_.push_back(kind);
  }
  for (const Control control : {Control::file, Control::end, Control::user, Control::assistant, Control::prefix}) {
    kinds_[static_cast<std::size_t>(tokenizer_->control(control))] = Kind::stop;
  }
}

void TokenMask::apply(std::span<float> logits, std::string_view required, std::string_view partial) const {
  const auto allowed = [&](Token token) {
    const Kind kind = kinds_[static_cast<std::size_t>(token)];
    if (kind == Kind::never) return false;
    if (kind == Kind::stop) return required.empty() && partial.empty();
    const std::string_view piece = tokenizer_->piece(token);
    if (!required.empty()) {
      const std::size_t shared = std::min(piece.size(), required.size());
      return piece.substr(0, shared) == required.substr(0, shared);
    }
    if (partial.empty()) return kind != Kind::continuation;
    if (kind != Kind::continuation) return false;
    std::array<char, 4> character{};
    partial.copy(character.data(), partial.size());
    character[partial.size()] = piece[0];
    return decode_utf8({character.data(), partial.size() + 1}).status != Utf8::invalid;
  };
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!allowed(static_cast<Token>(i))) logits[i] = -INFINITY;
  }
}

}  // namespace catena::model
