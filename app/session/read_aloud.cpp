#include "app/session/read_aloud.h"

#include <algorithm>
#include <utility>

namespace catena::app {
namespace {

constexpr std::size_t kLongest = 300;  // bytes
constexpr std::size_t kAhead = 2;      // pieces with the voice: no gap between them, and little to forget

bool speakable(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") != std::string_view::npos;
}

}  // namespace

std::size_t breath(std::string_view text) {
  const std::size_t most = std::min(text.size(), kLongest);
  for (std::size_t i = 0; i < most; ++i) {
    if (text[i] == '\n') return i + 1;
    const bool ends = text[i] == '.' || text[i] == '!' || text[i] == '?';
    if (ends && i + 1 < text.size() && (text[i + 1] == ' ' || text[i + 1] == '\n')) return i + 1;
  }
  if (most == text.size()) return most;
  const std::size_t space = text.substr(0, most).rfind(' ');
  if (space != std::string_view::npos && space > 0) return space;
  std::size_t end = most;
  while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return end;
}

ReadAloud::ReadAloud(std::function<std::uint64_t(const std::string&)> say, std::function<void()> silence)
    : say_(std::move(say)), silence_(std::move(silence)) {}

void ReadAloud::start(std::string text) {
  stop();
  rest_ = std::move(text);
  at_ = 0;
  go_on();
}

void ReadAloud::stop() {
  if (!said_.empty() && !held_) silence_();
  said_.clear();
  rest_.clear();
  at_ = 0;
  held_ = false;
}

void ReadAloud::hold() {
  if (!active() || std::exchange(held_, true)) return;
  silence_();
  for (Piece& piece : said_) piece.number = 0;
}

void ReadAloud::resume() {
  if (!std::exchange(held_, false)) return;
  for (Piece& piece : said_) {
    piece.text.erase(0, std::exchange(piece.heard, 0));
    piece.number = say_(piece.text);
  }
  go_on();
}

bool ReadAloud::owns(std::uint64_t number) const {
  return number != 0 &&
         std::any_of(said_.begin(), said_.end(), [&](const Piece& piece) { return piece.number == number; });
}

void ReadAloud::word(std::uint64_t number, std::size_t byte) {
  for (Piece& piece : said_) {
    if (piece.number == number) piece.heard = byte;
  }
}

void ReadAloud::finished(std::uint64_t number) {
  if (!owns(number)) return;
  std::erase_if(said_, [&](const Piece& piece) { return piece.number == number; });
  go_on();
}

void ReadAloud::go_on() {
  while (said_.size() < kAhead && at_ < rest_.size()) {
    const std::string_view left = std::string_view(rest_).substr(at_);
    const std::size_t length = breath(left);
    const std::string piece(left.substr(0, length));
    at_ += length;
    if (speakable(piece)) said_.push_back({say_(piece), piece});
  }
  if (at_ == rest_.size()) {
    rest_.clear();
    at_ = 0;
  }
}

}  // namespace catena::app
