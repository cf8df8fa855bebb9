// The newest tokens of a stream by their place in it, in bounded memory. No LibTorch in here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "model/config.h"

namespace catena::model::lab {

/// Places count the stream's tokens from 0. One thread at a time.
class TokenLog {
 public:
  /// Holds the newest `most` tokens.
  explicit TokenLog(std::size_t most) : most_(most) {}

  /// The stream has read `tokens`, the first of them at `place`. A place before the end means that the stream went
  /// back; what it reads there as before changes nothing. Returns the place before which everything told earlier still
  /// holds; -1: nothing does, for the tokens do not touch those that the log holds.
  std::int64_t write(std::int64_t place, std::span<const Token> tokens);

  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return begin_ + static_cast<std::int64_t>(tokens_.size()); }
  /// The token at a place from begin() to end() - 1.
  Token at(std::int64_t place) const { return tokens_[static_cast<std::size_t>(place - begin_)]; }

 private:
  std::size_t most_;
  std::int64_t begin_ = 0;
  std::deque<Token> tokens_;
};

}  // namespace catena::model::lab
