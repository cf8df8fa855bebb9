#include "model/attention/token_log.h"

namespace catena::model::lab {

std::int64_t TokenLog::write(std::int64_t place, std::span<const Token> tokens) {
  if (tokens.empty()) return end();
  const bool touches = place >= begin_ && place <= end();
  if (!touches) {
    tokens_.clear();
    begin_ = place;
  }
  std::int64_t kept = end();
  for (const Token token : tokens) {
    if (place < end() && at(place) != token) {
      tokens_.resize(static_cast<std::size_t>(place - begin_));
      kept = place;
    }
    if (place == end()) tokens_.push_back(token);
    ++place;
  }
  while (tokens_.size() > most_) {
    tokens_.pop_front();
    ++begin_;
  }
  return touches ? kept : -1;
}

}  // namespace catena::model::lab
