#include "app/session/text_mirror.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace catena::app {

std::size_t TextMirror::replace(std::size_t at, std::size_t removed, std::string_view inserted) {
  at = std::min(at, size());
  removed = std::min(removed, size() - at);
  move_gap(at);
  gap_end_ += removed;
  const std::size_t gap = gap_end_ - gap_begin_;
  if (gap < inserted.size()) {
    // Grown by a part of the text, so that typing moves the tail rarely.
    const std::size_t more = inserted.size() - gap + std::max<std::size_t>(4096, size() / 16);
    buffer_.insert(buffer_.begin() + static_cast<std::ptrdiff_t>(gap_end_), more, '\0');
    gap_end_ += more;
  }
  std::copy(inserted.begin(), inserted.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(gap_begin_));
  gap_begin_ += inserted.size();
  return removed;
}

void TextMirror::move_gap(std::size_t at) {
  if (at < gap_begin_) {
    const std::size_t count = gap_begin_ - at;
    std::memmove(buffer_.data() + gap_end_ - count, buffer_.data() + at, count);
    gap_begin_ -= count;
    gap_end_ -= count;
  } else if (at > gap_begin_) {
    const std::size_t count = at - gap_begin_;
    std::memmove(buffer_.data() + gap_begin_, buffer_.data() + gap_end_, count);
    gap_begin_ += count;
    gap_end_ += count;
  }
}

std::string TextMirror::substr(std::size_t begin, std::size_t end) const {
  std::string out;
  visit(begin, end, [&](std::string_view piece) { out += piece; });
  return out;
}

std::uint64_t TextMirror::prefix_hash(std::size_t end) const {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  visit(0, end, [&](std::string_view piece) { XXH3_64bits_update(state.get(), piece.data(), piece.size()); });
  return XXH3_64bits_digest(state.get());
}

}  // namespace catena::app
