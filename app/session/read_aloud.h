// Reading a text aloud, piece by piece, so that it can be held, gone on with and stopped at any word. No sound or
// threads of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace catena::app {

/// The length of the first piece of `text` that is spoken in one breath: a sentence, a line, or what of them fits.
/// Never inside a character, and at least one byte of a text that is not empty.
std::size_t breath(std::string_view text);

class ReadAloud {
 public:
  /// say: hands a text to the voice and returns its number; its events come back as word(), finished(). silence: stops
  /// the voice.
  ReadAloud(std::function<std::uint64_t(const std::string&)> say, std::function<void()> silence);

  /// In the place of what was being read.
  void start(std::string text);
  void stop();
  /// Silence, until resume() goes on from the word that was being spoken.
  void hold();
  void resume();

  bool active() const { return !rest_.empty() || !said_.empty(); }
  bool owns(std::uint64_t number) const;
  void word(std::uint64_t number, std::size_t byte);
  void finished(std::uint64_t number);

 private:
  struct Piece {
    std::uint64_t number;
    std::string text;
    std::size_t heard = 0;  // bytes
  };
  void go_on();

  std::function<std::uint64_t(const std::string&)> say_;
  std::function<void()> silence_;
  std::string rest_;  // not handed over
  std::size_t at_ = 0;
  std::deque<Piece> said_;  // handed over, not heard to the end
  bool held_ = false;
};

}  // namespace catena::app
